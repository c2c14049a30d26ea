{{/*
The configuration files of the programs: dict root, name. The file is what the chart knows, with
NAME.config of the values over it. The programs refuse unknown keys.
*/}}

{{/* How a component reaches another: dict root, name, certificate. */}}
{{- define "lmsmail.peer" -}}
{{- $ports := include "lmsmail.components" . | fromYaml -}}
target: dns:///{{ include "lmsmail.host" . }}:{{ (index $ports .name).port }}
tls:
  enabled: true
  authorities: /run/secrets/lmsmail/tls/ca.crt
  {{- if .certificate }}
  certificate: /run/secrets/lmsmail/tls/tls.crt
  key: /run/secrets/lmsmail/tls/tls.key
  {{- end }}
{{- end }}

{{- define "lmsmail.config" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $v := $root.Values -}}
{{- $component := index (include "lmsmail.components" . | fromYaml) $name -}}
{{- $config := dict
  "listen" (printf "0.0.0.0:%v" $component.port)
  "metrics_listen" (printf "0.0.0.0:%v" $component.metrics)
  "drain_timeout" (printf "%vs" (index $v $name).drainSeconds)
  "log" (dict "format" "json" "level" $v.logLevel)
  "auth" (dict "callers_file" "/run/secrets/lmsmail/callers/callers.yaml")
  "school" (dict
    "name" $v.school.name "url" (default $v.school.publicUrl $v.school.url) "public_url" $v.school.publicUrl
    "postal_address" $v.school.postalAddress "logo_url" $v.school.logoUrl "color" $v.school.color
    "reply_to" $v.school.replyTo "support_address" $v.school.supportAddress "language_code" $v.school.languageCode
    "time_zone" $v.school.timeZone) -}}
{{- with $v.traces.endpoint }}{{ $_ := set $config "traces" (dict "endpoint" . "sample_ratio" $v.traces.sampleRatio) }}{{ end -}}
{{- if eq $name "gateway" -}}
{{- $tls := dict "certificate" "/run/secrets/lmsmail/tls/tls.crt" "key" "/run/secrets/lmsmail/tls/tls.key" -}}
{{- $_ := set $config "admin_listen" (printf "0.0.0.0:%v" $component.admin) -}}
{{- $hosts := concat (list (include "lmsmail.host" (dict "root" $root "name" "gateway-admin"))) $v.gateway.adminHosts -}}
{{- $_ := set $config "admin" (dict "tls" $tls "hosts" $hosts) -}}
{{- if $v.gateway.tlsSecret -}}
{{- $public := dict "certificate" "/run/secrets/lmsmail/public-tls/tls.crt" "key" "/run/secrets/lmsmail/public-tls/tls.key" -}}
{{- $_ := set $config "tls" $public -}}
{{- end -}}
{{- with $v.gateway.trustedProxies }}{{ $_ := set $config "http" (dict "trusted_proxies" .) }}{{ end -}}
{{- else -}}
{{- $_ := set $config "health_listen" (printf "0.0.0.0:%v" $component.health) -}}
{{- $_ := set $config "tls" (dict "certificate" "/run/secrets/lmsmail/tls/tls.crt" "key" "/run/secrets/lmsmail/tls/tls.key" "client_authorities" "/run/secrets/lmsmail/tls/ca.crt") -}}
{{- $_ := set $config "postgres" (dict "dsn_file" "/run/secrets/lmsmail/database/dsn" "migrate" false) -}}
{{- end -}}
{{- range $peer := $component.peers -}}
{{- /* The gateway calls these two for the holders of links; all others with the credentials of its callers. */ -}}
{{- $certificate := or (ne $name "gateway") (has $peer (list "preference" "dispatch")) -}}
{{- $_ := set $config $peer (include "lmsmail.peer" (dict "root" $root "name" $peer "certificate" $certificate) | fromYaml) -}}
{{- end -}}
{{- if has $name (list "preference" "dispatch") -}}
{{- $_ := set $config "keys_file" "/run/secrets/lmsmail/keys/keys" -}}
{{- end -}}
{{- if and $v.bounces.domain (has $name (list "dispatch" "gateway")) -}}
{{- $bounces := dict "keys_file" "/run/secrets/lmsmail/keys/bounce-keys" -}}
{{- if eq $name "dispatch" }}{{ $_ := set $bounces "domain" $v.bounces.domain }}{{ end -}}
{{- $_ := set $config "bounces" $bounces -}}
{{- end -}}
{{- if and (or $v.tracking.opens $v.tracking.clicks) (has $name (list "dispatch" "gateway")) -}}
{{- $tracking := dict "keys_file" "/run/secrets/lmsmail/keys/tracking-keys" -}}
{{- if eq $name "dispatch" }}{{ $_ := merge $tracking (dict "opens" $v.tracking.opens "clicks" $v.tracking.clicks) }}{{ end -}}
{{- $_ := set $config "tracking" $tracking -}}
{{- end -}}
{{- if eq $name "dispatch" -}}
{{- $_ := set $config "worker" (dict "state_directory" "/var/lib/lmsmail/dispatch") -}}
{{- end -}}
{{- mergeOverwrite $config (deepCopy (index $v $name).config) | toYaml -}}
{{- end }}

{{- define "lmsmail.smokeConfig" -}}
recipient: {{ .Values.smoke.recipient | quote }}
install_templates: {{ .Values.smoke.installTemplates }}
{{- range list "template" "dispatch" }}
{{ . }}:
  {{- include "lmsmail.peer" (dict "root" $ "name" . "certificate" true) | nindent 2 }}
{{- end }}
{{- end }}
