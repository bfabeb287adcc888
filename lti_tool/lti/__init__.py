"""The only room that speaks LTI 1.3: who may come in, and the services of the platform. Never reaches Flask."""
