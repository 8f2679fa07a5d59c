# The server in a container: `docker build -t digitus .`, then
# `docker run -p 8000:8000 -e DIGITUS_TOKEN=... digitus`, and open http://localhost:8000/?token=...
# Runs are kept in the volume /home/digitus/runs.

# With a compiler, for the kernels in C; what is left behind is wheels.
FROM python:3.13 AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE hatch_build.py ./
COPY src src
COPY docs docs
RUN DIGITUS_BUILD=require pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 digitus
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl
USER 10001
WORKDIR /home/digitus
RUN mkdir runs
VOLUME /home/digitus/runs
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/api/health'); exit(c.getresponse().status >= 500)"]
ENTRYPOINT ["digitus"]
CMD ["serve", "--host", "0.0.0.0", "--folder", "/home/digitus/runs"]
