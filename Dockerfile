# semsearch as a service; docs/service.md says how it is used.
#
# PyTorch and sentence-transformers are left out, because the bundled model needs neither. With them, for any other
# model and for --rerank:  docker build --build-arg TRANSFORMERS=1 --tag semsearch .

FROM python:3.13-slim-trixie AS build

ARG TRANSFORMERS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

COPY pyproject.toml scripts/constraints.txt ./
# What pyproject.toml asks for, PyTorch and what is built on it aside. pip works from outside, so that it is not in the image.
RUN python -m venv --without-pip /opt/semsearch && \
    python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; print(*(d for d in p["dependencies"] + p["optional-dependencies"]["serve"] if not d.startswith(("sentence-transformers", "torch", "transformers"))), sep="\n")' >needed.txt && \
    pip --python /opt/semsearch/bin/python install --only-binary=:all: --constraint constraints.txt --requirement needed.txt
# The CPU build of PyTorch first, so that the CUDA libraries stay away.
RUN if [ -n "$TRANSFORMERS" ]; then \
        printf 'torch\n' >torch.txt && \
        python -c 'import tomllib; print(*(d for d in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"] if d.startswith(("sentence-transformers", "transformers"))), sep="\n")' >transformers.txt && \
        pip --python /opt/semsearch/bin/python install --index-url https://download.pytorch.org/whl/cpu --constraint constraints.txt --requirement torch.txt && \
        pip --python /opt/semsearch/bin/python install --constraint constraints.txt --requirement transformers.txt; \
    fi
COPY README.md LICENSE NOTICE ./
COPY semsearch semsearch
RUN pip --python /opt/semsearch/bin/python install --no-deps .


FROM python:3.13-slim-trixie

RUN groupadd --gid 10001 semsearch && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin semsearch && \
    install --directory --owner=10001 --group=10001 /index && \
    install --directory /archive
COPY --from=build /opt/semsearch /opt/semsearch

ENV PATH=/opt/semsearch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SEMSEARCH_INDEX=/index
USER 10001:10001
WORKDIR /archive
# Articles are mounted at /archive, read-only; the index is kept in /index.
VOLUME ["/index"]
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8765, timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]

# Listening on every address, it refuses to start without SEMSEARCH_API_KEY or --api-key-file.
ENTRYPOINT ["semsearch"]
CMD ["serve", "--host", "0.0.0.0"]
