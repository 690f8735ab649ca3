# The server as an image: compiled in the first stage, with nothing but what it runs on in the last. See docs/docker.md.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
# make: GCC's link-time optimisation starts it to work on every core.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make
WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE ./
COPY src src
# An image that could not be compiled must not be made: interpreted it would be ten times as slow.
ENV KVIK_COMPILE=1
RUN pip wheel --no-cache-dir --wheel-dir /wheels .
RUN python -m venv --without-pip /opt/kvik \
    && pip --python /opt/kvik/bin/python install --no-cache-dir --no-index --find-links /wheels kvik

FROM python:${PYTHON_VERSION}-slim
COPY --from=build /opt/kvik /opt/kvik
ENV PATH=/opt/kvik/bin:$PATH
# A number, so that an orchestrator can see that it is not root. The data is its own.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9736
# The client needs the standard library alone. An unhealthy container is said by 1, and by nothing else.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD REDISCLI_AUTH="$KVIK_REQUIREPASS" python -m kvik.client.oneshot 127.0.0.1:9736 ping || exit 1
ENTRYPOINT ["kvik"]
CMD ["serve", "/data", "--listen", "auto://0.0.0.0:9736"]
