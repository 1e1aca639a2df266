# One image for the pages, the live stream, the workers, beat and migrations; docker-compose.yml gives each its command.
FROM python:3.13-slim AS packages
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/run.txt

FROM python:3.13-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home console
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /console
COPY manage.py ./
COPY rollback_console rollback_console
COPY incidents incidents
COPY approvals approvals
COPY templates templates
COPY static static
RUN mkdir -p .local /mirrors /status && chown console .local /mirrors /status
USER console
EXPOSE 8000 8001
CMD ["gunicorn", "rollback_console.wsgi", "--bind=0.0.0.0:8000"]
