{{/* The pod of a component: dict root, name. Metadata and spec of a pod template. */}}

{{- define "lmsmail.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
# The group that secrets are mounted for: their mode 0400 becomes 0440.
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "lmsmail.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "lmsmail.probes" -}}
{{- $component := index (include "lmsmail.components" . | fromYaml) .name -}}
{{- if eq .name "gateway" }}
startupProbe:
  httpGet: {path: /healthz, port: admin, scheme: HTTPS}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: admin, scheme: HTTPS}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: admin, scheme: HTTPS}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- else }}
# Until the database has its schema, which the migration may need minutes for.
startupProbe:
  grpc: {port: {{ $component.health }}}
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 300
# Whether the process answers. While the database is away it does, but is not ready.
livenessProbe:
  grpc: {port: {{ $component.health }}, service: live}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  grpc: {port: {{ $component.health }}}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}
{{- end }}

{{- define "lmsmail.ports" -}}
{{- $component := index (include "lmsmail.components" . | fromYaml) .name -}}
{{- if eq .name "gateway" }}
- {name: http, containerPort: {{ $component.port }}}
- {name: admin, containerPort: {{ $component.admin }}}
{{- else }}
- {name: grpc, containerPort: {{ $component.port }}}
- {name: health, containerPort: {{ $component.health }}}
{{- end }}
- {name: metrics, containerPort: {{ $component.metrics }}}
{{- end }}

{{/* The entries of the Secret of keys that a component reads, as a list in JSON. */}}
{{- define "lmsmail.keysOf" -}}
{{- $v := .root.Values -}}
{{- $keys := list -}}
{{- if has .name (list "preference" "dispatch") }}{{ $keys = append $keys "keys" }}{{ end -}}
{{- if has .name (list "dispatch" "gateway") -}}
{{- if $v.bounces.domain }}{{ $keys = append $keys "bounce-keys" }}{{ end -}}
{{- if or $v.tracking.opens $v.tracking.clicks }}{{ $keys = append $keys "tracking-keys" }}{{ end -}}
{{- end -}}
{{- $keys | toJson -}}
{{- end }}

{{/* What a DSN file needs: dict root, entries (of the Secret, by file). */}}
{{- define "lmsmail.databaseVolume" -}}
projected:
  defaultMode: 0400
  sources:
  - secret:
      name: {{ include "lmsmail.databaseSecret" .root }}
      items:
      {{- range $file, $entry := .entries }}
      - {key: {{ $entry }}, path: {{ $file }}}
      {{- end }}
  # For sslrootcert=/run/secrets/lmsmail/database/ca.crt in the DSNs.
  - secret:
      {{- if .root.Values.postgresql.enabled }}
      name: {{ include "lmsmail.certificateSecret" (dict "root" .root "name" "postgresql") }}
      {{- else }}
      name: {{ include "lmsmail.databaseSecret" .root }}
      optional: true
      {{- end }}
      items:
      - {key: ca.crt, path: ca.crt}
{{- end }}

{{- define "lmsmail.pod" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $v := $root.Values -}}
{{- $own := index $v $name -}}
{{- $component := index (include "lmsmail.components" . | fromYaml) $name -}}
{{- $keys := include "lmsmail.keysOf" . | fromJsonArray -}}
metadata:
  labels:
    {{- include "lmsmail.labels" . | nindent 4 }}
    {{- with $v.pods.labels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    # A change of the configuration replaces the pods. Certificates, tokens and keys of providers are
    # read again when they change.
    checksum/config: {{ include "lmsmail.config" . | sha256sum }}
    {{- with $v.pods.annotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  automountServiceAccountToken: false
  {{- with $v.pods.serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  enableServiceLinks: false
  {{- with $v.image.pullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.pods.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext: {{ include "lmsmail.podSecurity" . | nindent 4 }}
  # The pause before SIGTERM, the drain, and what the service adds at most.
  terminationGracePeriodSeconds: {{ add $own.drainSeconds 5 10 }}
  topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "lmsmail.selector" (dict "root" $root "name" $name) | nindent 8 }}
  {{- end }}
  {{- with $v.pods.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.pods.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.pods.affinity }}
  affinity: {{ toYaml . | nindent 4 }}
  {{- end }}
  containers:
  - name: {{ $name }}
    image: {{ include "lmsmail.image" $root }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    command: [/usr/bin/lmsmail-{{ $name }}, --config, /etc/lmsmail/config.yaml]
    {{- if eq $name "dispatch" }}
    env:
    - name: LMSMAIL_DISPATCH_WORKER_NAME
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
    {{- end }}
    ports: {{- include "lmsmail.ports" . | nindent 4 }}
    {{- include "lmsmail.probes" . | nindent 4 }}
    lifecycle:
      # Clients look up the remaining pods before this one refuses their calls.
      preStop: {sleep: {seconds: 5}}
    resources: {{ toYaml $own.resources | nindent 6 }}
    securityContext: {{ include "lmsmail.containerSecurity" . | nindent 6 }}
    volumeMounts:
    - {name: config, mountPath: /etc/lmsmail, readOnly: true}
    - {name: tls, mountPath: /run/secrets/lmsmail/tls, readOnly: true}
    - {name: callers, mountPath: /run/secrets/lmsmail/callers, readOnly: true}
    {{- if $component.database }}
    - {name: database, mountPath: /run/secrets/lmsmail/database, readOnly: true}
    {{- end }}
    {{- if $keys }}
    - {name: keys, mountPath: /run/secrets/lmsmail/keys, readOnly: true}
    {{- end }}
    {{- if and (eq $name "gateway") $own.tlsSecret }}
    - {name: public-tls, mountPath: /run/secrets/lmsmail/public-tls, readOnly: true}
    {{- end }}
    {{- if eq $name "dispatch" }}
    - {name: state, mountPath: /var/lib/lmsmail}
    {{- end }}
    {{- range $own.secrets }}
    - {name: secret-{{ . }}, mountPath: /run/secrets/{{ . }}, readOnly: true}
    {{- end }}
  volumes:
  - name: config
    configMap: {name: {{ include "lmsmail.fullname" $root }}-{{ $name }}}
  - name: tls
    secret: {secretName: {{ include "lmsmail.certificateSecret" . }}, defaultMode: 0400}
  - name: callers
    secret: {secretName: {{ include "lmsmail.callersSecret" $root }}, defaultMode: 0400}
  {{- if $component.database }}
  - name: database
    {{- include "lmsmail.databaseVolume" (dict "root" $root "entries" (dict "dsn" $name)) | nindent 4 }}
  {{- end }}
  {{- if $keys }}
  - name: keys
    secret:
      secretName: {{ include "lmsmail.keysSecret" $root }}
      defaultMode: 0400
      items:
      {{- range $keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
  {{- end }}
  {{- if and (eq $name "gateway") $own.tlsSecret }}
  - name: public-tls
    secret: {secretName: {{ $own.tlsSecret }}, defaultMode: 0400}
  {{- end }}
  {{- if and (eq $name "dispatch") (not $own.journal.persistent) }}
  - name: state
    emptyDir: {sizeLimit: {{ $own.journal.size }}}
  {{- end }}
  {{- range $own.secrets }}
  - name: secret-{{ . }}
    secret: {secretName: {{ . }}, defaultMode: 0400}
  {{- end }}
{{- end }}
