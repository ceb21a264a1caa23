# The sluice command in a container: docker build --tag sluice .
ARG DENO=denoland/deno:2.9.6

# What is built here runs on any system.
FROM --platform=$BUILDPLATFORM ${DENO} AS build
WORKDIR /opt/sluice
COPY deno.json deno.lock ./
COPY src ./src
COPY tasks ./tasks
# The bundle, and the command with the same permissions as anywhere else.
RUN DENO_INSTALL_ROOT=/opt/sluice deno task install

FROM ${DENO}
COPY --from=build /opt/sluice/dist /opt/sluice/dist
COPY --from=build /opt/sluice/bin /opt/sluice/bin
ENV PATH="/opt/sluice/bin:${PATH}"
USER deno
WORKDIR /tmp
ENTRYPOINT ["sluice"]
CMD ["help"]
