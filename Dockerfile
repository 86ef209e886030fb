# The studio in one image: which process it is, its command says (see the Procfile). It needs PostgreSQL and Redis, runs
# as nobody in particular, and writes to /data and /tmp alone: start it with --read-only and a tmpfs at /tmp.
#
# The base is pinned by its digest. `docker buildx imagetools inspect python:3.11-slim-bookworm` prints the newest.
ARG BASE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --requirement requirements.txt && /venv/bin/pip uninstall --yes pip setuptools
COPY . .
# Static files are collected in the image: each version has its own, whichever host serves it.
RUN DEPLOYMENT=production SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    ALLOWED_HOSTS=localhost REDIS_URL=redis://localhost DATA_DIR=/tmp/data ENV_FILE="" \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q contentgen accounts audit billing notifications simulator videos webhooks

FROM ${BASE}
RUN groupadd --gid 10001 studio && useradd --uid 10001 --gid studio --no-create-home --home-dir /data studio \
    && install --directory --owner studio --group studio --mode 700 /data \
    && install --directory --owner studio --group studio --mode 755 /secrets
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEPLOYMENT=production \
    DATA_DIR=/data \
    ENV_FILE=
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "contentgen.run.probe", "web"]
ENTRYPOINT ["python", "-m", "contentgen.run.process"]
CMD ["web"]
