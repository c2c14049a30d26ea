# shellcheck shell=bash
# Functions that write the configuration files of the services to $LOCAL/config. To be sourced.

address_of() {
  case $1 in
    template) printf '127.0.0.1:7101' ;;
    preference) printf '127.0.0.1:7102' ;;
    dispatch) printf '127.0.0.1:7103' ;;
    scheduler) printf '127.0.0.1:7104' ;;
    report) printf '127.0.0.1:7105' ;;
    gateway) printf '127.0.0.1:8080' ;;
  esac
}

# write_file PATH: writes stdin to the file unless it already has that content, so that the
# modification time shows whether a service must be restarted.
write_file() {
  local text
  text=$(cat)
  [[ -f $1 && $(<"$1") == "$text" ]] || printf '%s\n' "$text" >"$1"
}

write_configs() {
  local service
  mkdir -p "$LOCAL/config"
  # The key that seals the links of mail and hashes addresses. It is created only once, because links in
  # old mail must stay valid.
  [[ -f $LOCAL/config/keys ]] ||
    (umask 077 && printf 'k1:%s\n' "$(openssl rand -hex 32)" >"$LOCAL/config/keys")
  # The key of the envelope senders, for the services that make and read them.
  [[ -f $LOCAL/config/bounce-keys ]] ||
    (umask 077 && printf 'k1:%s\n' "$(openssl rand -hex 32)" >"$LOCAL/config/bounce-keys")
  for service in "${SERVICES[@]}"; do
    {
      [[ $service == gateway ]] || cat <<YAML
postgres:
  dsn: host=$(pg_dir) dbname=lmsmail user=lmsmail_$service
  migrator_dsn: host=$(pg_dir) dbname=lmsmail user=lmsmail_migrator
YAML
      cat <<YAML
school:
  name: Demo School
  url: https://learn.example
  public_url: http://$(address_of gateway)
  postal_address: 1 Example Street, 12345 Exampletown
YAML
      "config_of_$service"
    } | write_file "$LOCAL/config/$service.yaml"
  done
}

config_of_template() { :; }

config_of_preference() {
  cat <<YAML
keys_file: $LOCAL/config/keys
# Quiet hours are off, so that the mail of the demo is not deferred until the morning.
quiet_hours:
  start: ""
  end: ""
YAML
}

config_of_dispatch() {
  cat <<YAML
keys_file: $LOCAL/config/keys
bounces:
  domain: bounces.learn.example
  keys_file: $LOCAL/config/bounce-keys
worker:
  state_directory: $LOCAL/state/dispatch
default_transport: inbox
transports:
  inbox:
    kind: smtp
    host: 127.0.0.1
    port: $INBOX_PORT
    tls: none
    from: school@learn.example
    from_name: Demo School
YAML
}

config_of_report() { :; }

config_of_scheduler() { :; }

config_of_gateway() {
  cat <<YAML
admin_listen: $ADMIN_ADDRESS
bounces:
  keys_file: $LOCAL/config/bounce-keys
inbox:
  directory: $LOCAL/inbox
YAML
}
