#!/bin/bash
# A real S3 server for the tests: the smallest Ceph RADOS Gateway (one monitor, one OSD, one gateway) on
# the loopback interface, without systemd and without root.
#
#   test/s3/start-rgw.sh [start]   start it; one that runs and answers is left alone
#   test/s3/start-rgw.sh stop      stop it
#   test/s3/start-rgw.sh wipe      stop it and delete all it wrote
#   test/s3/start-rgw.sh status    say whether it answers
#   test/s3/start-rgw.sh kill-gateway, start-gateway
#                                  kill the part that speaks S3, and start it again: all it wrote stays
#
# Then run the tests with what it prints:
#
#   eval "$(test/s3/start-rgw.sh)" && deno task test:s3
#
# On Debian and Ubuntu it needs:
#   apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd curl
#
# Environment, with the defaults:
#   RGW_DIR   $TMPDIR/sluice-rgw   where everything is: data, logs, sockets, pid files, ceph.conf
#   RGW_PORT  8480                 the S3 port on 127.0.0.1
#   MON_PORT  40300                the monitor's port on 127.0.0.1
#   RGW_MEM   2G                   memory for objects; they are gone when it stops
set -euo pipefail
dir=$(realpath -m "${RGW_DIR:-${TMPDIR:-/tmp}/sluice-rgw}")
port=${RGW_PORT:-8480}
mon_port=${MON_PORT:-40300}
access_key=AKTESTRGW0000000001
secret_key=only4tests+rgw9c1f7d2e
export CEPH_CONF=$dir/ceph.conf
export PATH=$PATH:/usr/sbin:/sbin

# Whether the daemon's pid file names a live process of this very directory.
alive() {
  local file=$dir/run/$1.pid pid
  [[ -s $file ]] || return 1
  pid=$(<"$file")
  [[ -r /proc/$pid/cmdline ]] || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$dir/ceph.conf"
}

# An anonymous GET / is answered with an empty list of buckets.
answers() { curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$port/" 2>/dev/null; }

up() { alive mon && alive osd && alive rgw && answers; }

# What is in memory is lost anyway, so nobody waits for orderly goodbyes.
stop() {
  local daemon
  for daemon in rgw osd mon; do
    if alive $daemon; then kill -KILL "$(<"$dir/run/$daemon.pid")" 2>/dev/null || true; fi
    rm -f "$dir/run/$daemon.pid"
  done
}

tell() {
  echo "export SLUICE_TEST_S3_ENDPOINT=http://127.0.0.1:$port"
  echo "export AWS_ACCESS_KEY_ID=$access_key AWS_SECRET_ACCESS_KEY=$secret_key AWS_REGION=us-east-1"
}

configure() {
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $(<"$dir/fsid")
mon_host = [v2:127.0.0.1:$mon_port]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
# Inside, nobody needs keys; S3 still checks signatures.
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $dir/run
admin_socket = $dir/run/\$name.asok
log_file = $dir/log/\$name.log
crash_dir = $dir/log
log_to_stderr = false
# One copy on one OSD.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 1000

[mon]
mon_data = $dir/mon
mon_cluster_log_file = $dir/log/cluster.log
mon_data_avail_crit = 1
mon_data_avail_warn = 2
paxos_propose_interval = 0.05
mon_osd_min_down_reporters = 1

[osd]
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = $(numfmt --from=iec "${RGW_MEM:-2G}")
osd_memory_target = 1073741824
# Keys may have 1,024 bytes, and the gateway adds some.
osd_max_object_name_len = 2048
osd_heartbeat_grace = 60
osd_max_scrubs = 0

[client.rgw]
rgw_data = $dir/rgw
# The default, "secure", can't be had without keys: the gateway would wait for ever.
ms_mon_client_mode = crc
# Without tcp_nodelay most answers take 40 ms.
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_thread_pool_size = 32
rgw_override_bucket_index_max_shards = 1
# Give the space of deleted objects back within seconds instead of hours.
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_s3_auth_use_sts = false
CONF
}

start() {
  if up; then return; fi
  stop
  if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "Port $port is taken by another program: set RGW_PORT." >&2
    exit 1
  fi
  local program
  for program in ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph curl; do
    if ! command -v $program >/dev/null; then
      echo "$program is missing: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd curl" >&2
      exit 1
    fi
  done
  rm -rf "$dir/mon" "$dir/osd"
  mkdir -p "$dir"/{run,log,rgw,mon,osd}
  chmod 700 "$dir"
  cat /proc/sys/kernel/random/uuid >"$dir/fsid"
  configure

  # Left to itself, the monitor doesn't recognise a loopback address as its own.
  monmaptool --create --clobber --fsid "$(<"$dir/fsid")" --addv a "[v2:127.0.0.1:$mon_port]" \
    "$dir/monmap" >"$dir/log/start.log"
  ceph-mon -c "$CEPH_CONF" --mkfs -i a --monmap "$dir/monmap" >>"$dir/log/start.log" 2>&1
  ceph-mon -c "$CEPH_CONF" -i a --pid-file "$dir/run/mon.pid" >>"$dir/log/start.log" 2>&1

  local uuid
  uuid=$(</proc/sys/kernel/random/uuid)
  ceph -c "$CEPH_CONF" --connect-timeout 30 osd new "$uuid" 0 >>"$dir/log/start.log" 2>&1
  ceph-osd -c "$CEPH_CONF" -i 0 --mkfs --osd-uuid "$uuid" >>"$dir/log/start.log" 2>&1
  ceph-osd -c "$CEPH_CONF" -i 0 --pid-file "$dir/run/osd.pid" >>"$dir/log/start.log" 2>&1

  # It waits until the OSD serves.
  timeout 120 radosgw-admin -c "$CEPH_CONF" -n client.rgw user create --uid=test --display-name=test \
    --access-key="$access_key" --secret-key="$secret_key" --max-buckets=0 >>"$dir/log/start.log" 2>&1
  # Has nothing but what a test's bucket policy grants it.
  timeout 60 radosgw-admin -c "$CEPH_CONF" -n client.rgw user create --uid=test2 --display-name=test2 \
    --access-key=limitedaccesskey --secret-key=limitedsecretkey0123456789 --max-buckets=-1 \
    >>"$dir/log/start.log" 2>&1
  start_gateway
}

start_gateway() {
  radosgw -c "$CEPH_CONF" -n client.rgw --pid-file "$dir/run/rgw.pid" >>"$dir/log/start.log" 2>&1
  for _ in $(seq 600); do
    if alive rgw && answers; then return; fi
    sleep 0.1
  done
  echo "The gateway doesn't answer; see $dir/log." >&2
  exit 1
}

case ${1:-start} in
  start) start && tell ;;
  stop) stop ;;
  kill-gateway) kill -KILL "$(<"$dir/run/rgw.pid")" ;;
  start-gateway) start_gateway ;;
  wipe) stop && rm -rf "$dir" ;;
  status) if up; then echo up; else echo down && exit 1; fi ;;
  *) sed -n '2,23p' "$0" && exit 2 ;;
esac
