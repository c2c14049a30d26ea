{{/* Fails with everything that the values lack, all at once. */}}
{{- define "lmsmail.check" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- if not $v.image.repository }}
{{- $faults = append $faults "image.repository: where the image is, such as registry.school.example/lmsmail" -}}
{{- end }}
{{- if not $v.school.publicUrl }}
{{- $faults = append $faults "school.publicUrl: the public address of the gateway, which the links in mail begin with" -}}
{{- end }}
{{- $secrets := values $v.auth.secrets | compact -}}
{{- $ways := list -}}
{{- if $v.auth.certManager.enabled }}{{ $ways = append $ways "auth.certManager.enabled" }}{{ end -}}
{{- if $secrets }}{{ $ways = append $ways "auth.secrets" }}{{ end -}}
{{- if $v.auth.trial.enabled }}{{ $ways = append $ways "auth.trial.enabled" }}{{ end -}}
{{- if not $ways }}
{{- $faults = append $faults "auth: where certificates come from: auth.certManager.enabled, auth.secrets or, for a trial, auth.trial.enabled" -}}
{{- else if gt (len $ways) 1 }}
{{- $faults = append $faults (printf "auth: only one of %s" (join " and " $ways)) -}}
{{- else if $secrets }}
{{- range include "lmsmail.identities" . | fromJsonArray }}
{{- if not (index $v.auth.secrets .) }}
{{- $faults = append $faults (printf "auth.secrets.%s: the Secret with its certificate" .) -}}
{{- end }}
{{- end }}
{{- end }}
{{- if and $v.auth.callersSecret $v.auth.callers }}
{{- $faults = append $faults "auth: only one of auth.callers and auth.callersSecret" -}}
{{- end }}
{{- if $v.auth.trial.enabled }}
{{- range list "operator" "monitor" }}
{{- if hasKey $v.auth.callers . }}
{{- $faults = append $faults (printf "auth.callers.%s: a trial has a caller of this name already" .) -}}
{{- end }}
{{- end }}
{{- end }}
{{- if and $v.postgresql.enabled $v.database.secret }}
{{- $faults = append $faults "database: only one of database.secret and postgresql.enabled" -}}
{{- else if not (or $v.postgresql.enabled $v.database.secret) }}
{{- $faults = append $faults "database.secret: the Secret with the DSNs, or postgresql.enabled for a trial" -}}
{{- end }}
{{- if not (or $v.keys.secret $v.auth.trial.enabled) }}
{{- $faults = append $faults "keys.secret: the Secret with the keys of links" -}}
{{- end }}
{{- if not (or $v.dispatch.config.transports $v.auth.trial.enabled) }}
{{- $faults = append $faults "dispatch.config.transports: how mail is sent; without one it is only counted" -}}
{{- end }}
{{- if and $v.metrics.serviceMonitor.enabled (not $v.metrics.serviceMonitor.tokenSecret.name) (not $v.auth.trial.enabled) }}
{{- $faults = append $faults "metrics.serviceMonitor.tokenSecret.name: the Secret with the token of a caller with the role viewer" -}}
{{- end }}
{{- if and $v.metrics.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.networkPolicy.monitoring) }}
{{- $faults = append $faults "networkPolicy.monitoring: where Prometheus is, which metrics.serviceMonitor lets read the metrics" -}}
{{- end }}
{{- if and $v.gateway.httpRoute.enabled (not $v.gateway.httpRoute.parentRefs) }}
{{- $faults = append $faults "gateway.httpRoute.parentRefs: the Gateway that the route belongs to" -}}
{{- end }}
{{- if $faults }}
{{- fail (printf "the values are incomplete:\n  %s" (join "\n  " $faults)) -}}
{{- end }}
{{- end }}
