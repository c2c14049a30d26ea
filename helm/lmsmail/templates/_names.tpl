{{/* What the programs of the suite are: ports, and which others each calls. */}}
{{- define "lmsmail.components" -}}
template: {port: 7101, health: 7201, metrics: 9101, database: true, peers: []}
preference: {port: 7102, health: 7202, metrics: 9102, database: true, peers: []}
dispatch: {port: 7103, health: 7203, metrics: 9103, database: true, peers: [template, preference]}
scheduler: {port: 7104, health: 7204, metrics: 9104, database: true, peers: [dispatch, report, preference]}
report: {port: 7105, health: 7205, metrics: 9105, database: true, peers: [dispatch, preference]}
gateway: {port: 8080, admin: 8081, metrics: 9106, database: false, peers: [template, preference, dispatch, scheduler, report]}
{{- end }}

{{- define "lmsmail.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels that select the pods of a component: dict root, name. They must never change. */}}
{{- define "lmsmail.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "lmsmail.labels" -}}
{{ include "lmsmail.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: lmsmail
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The name of a component's service within the cluster, which its certificate has. */}}
{{- define "lmsmail.host" -}}
{{ include "lmsmail.fullname" .root }}-{{ .name }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{- define "lmsmail.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}

{{/* The components that have a certificate, as a list in JSON. */}}
{{- define "lmsmail.identities" -}}
{{- $names := list "template" "preference" "dispatch" "scheduler" "report" "gateway" -}}
{{- if .Values.smoke.recipient }}{{ $names = append $names "smoke" }}{{ end -}}
{{- if .Values.postgresql.enabled }}{{ $names = append $names "postgresql" }}{{ end -}}
{{- $names | toJson -}}
{{- end }}

{{/* The name in a component's certificate that stands for it as a caller. */}}
{{- define "lmsmail.identity" -}}
{{- if .root.Values.auth.trial.enabled -}}
{{- include "lmsmail.host" . -}}
{{- else -}}
spiffe://{{ .root.Values.auth.trustDomain }}/{{ .name }}
{{- end -}}
{{- end }}

{{- define "lmsmail.certificateSecret" -}}
{{- $existing := index .root.Values.auth.secrets .name -}}
{{- if $existing }}{{ $existing }}{{ else }}{{ include "lmsmail.fullname" .root }}-{{ .name }}-tls{{ end -}}
{{- end }}

{{- define "lmsmail.callersSecret" -}}
{{- default (printf "%s-callers" (include "lmsmail.fullname" .)) .Values.auth.callersSecret -}}
{{- end }}

{{- define "lmsmail.keysSecret" -}}
{{- default (printf "%s-keys" (include "lmsmail.fullname" .)) .Values.keys.secret -}}
{{- end }}

{{- define "lmsmail.databaseSecret" -}}
{{- default (printf "%s-database" (include "lmsmail.fullname" .)) .Values.database.secret -}}
{{- end }}

{{/* The names of a component's certificate, as a list in YAML. */}}
{{- define "lmsmail.dnsNames" -}}
- {{ include "lmsmail.host" . }}
{{- if eq .name "gateway" }}
- {{ include "lmsmail.host" (dict "root" .root "name" "gateway-admin") }}
{{- end }}
{{- /* For port forwards; authorities of others may not sign it. */}}
{{- if not .root.Values.auth.certManager.issuerRef.name }}
- localhost
{{- end }}
{{- end }}
