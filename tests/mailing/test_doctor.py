"""The doctor signs in to the mail server as the digest does, and says nothing of it where none is set."""

from dataclasses import replace

from pydantic import SecretStr

from lti_tool.doctor import Finding, examine
from tests.smtp_server import mail_box
from tests.stage import Stage


def test_the_doctor_tries_the_mail_server(stage_on_sqlite: Stage) -> None:
    def found(**mail: object) -> list[Finding]:
        tool = replace(stage_on_sqlite.tool, settings=stage_on_sqlite.tool.settings.model_copy(update=mail))
        return [finding for finding in examine(tool) if finding.subject == "mail server"]

    assert found() == []
    with mail_box() as box:
        box.login = ("blog", "s3cret")
        mail = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_starttls": False, "smtp_user": "blog",
                "mail_from": "b@example.edu"}  # fmt: skip
        (good,) = found(**mail, smtp_password=SecretStr("s3cret"))
        (bad,) = found(**mail, smtp_password=SecretStr("wr0ng"))
        assert box.mails == []
    (gone,) = found(**mail)
    assert (good.good, good.says) == (True, "127.0.0.1, from b@example.edu")
    assert not bad.good
    assert "SMTPAuthenticationError 535" in bad.says
    assert "wr0ng" not in bad.says
    assert not gone.good
    assert "ConnectionRefusedError" in gone.says
