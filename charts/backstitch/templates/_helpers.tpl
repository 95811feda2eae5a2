{{- define "backstitch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "backstitch.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "backstitch.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What is not in the release's namespace, or in none, is named after both. A colon is in no name, so no two releases meet. */ -}}
{{- define "backstitch.roleName" -}}
{{- printf "%s:%s" .Release.Namespace (include "backstitch.fullname" .) -}}
{{- end -}}

{{- define "backstitch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "backstitch.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "backstitch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "backstitch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "backstitch.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "backstitch.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "backstitch.image" -}}
{{- $registry := default .Values.image.registry (.Values.global).imageRegistry -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}
@{{ .Values.image.digest }}
{{- else -}}
:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "backstitch.pullSecrets" -}}
{{- range concat (default list (.Values.global).imagePullSecrets) .Values.imagePullSecrets }}
- name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
{{- end }}
{{- end -}}

{{- /* The namespaces that are watched, as a JSON list; empty: all. */ -}}
{{- define "backstitch.watchedNamespaces" -}}
{{- if eq .Values.rbac.scope "namespaces" -}}
{{- default (list .Release.Namespace) .Values.rbac.namespaces | uniq | sortAlpha | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- /* Whether Nodes are read: "true" or nothing. */ -}}
{{- define "backstitch.nodes" -}}
{{- if kindIs "bool" .Values.rbac.nodes -}}
{{- if .Values.rbac.nodes }}true{{ end -}}
{{- else if eq .Values.rbac.scope "cluster" -}}
true
{{- end -}}
{{- end -}}

{{- /* The namespaces in which Secrets are read, as a JSON list. */ -}}
{{- define "backstitch.secretNamespaces" -}}
{{- $namespaces := default (list .Release.Namespace) .Values.secrets.namespaces -}}
{{- range .Values.scrapers.backstage.instances -}}
{{- if .secretName -}}
{{- $namespaces = append $namespaces (default $.Release.Namespace .namespace) -}}
{{- end -}}
{{- end -}}
{{- $namespaces | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- /* The namespaces in which Secrets are written, as a JSON list; empty: none. */ -}}
{{- define "backstitch.writtenNamespaces" -}}
{{- if .Values.integrations.enabled -}}
{{- if .Values.integrations.namespaces -}}
{{- .Values.integrations.namespaces | uniq | sortAlpha | toJson -}}
{{- else -}}
{{- include "backstitch.secretNamespaces" . -}}
{{- end -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- /* What is watched, and nothing else: rules of a Role. Nodes and Namespaces, which a Role cannot hold, are apart. */ -}}
{{- define "backstitch.watchRules" -}}
- apiGroups: [""]
  resources: [services, endpoints, pods, persistentvolumeclaims]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes, grpcroutes]
  verbs: [get, list, watch]
{{- end -}}

{{- define "backstitch.subject" -}}
- kind: ServiceAccount
  name: {{ include "backstitch.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "backstitch.labelPrefix" -}}
{{- default "causely.ai" .Values.label_prefix -}}
{{- end -}}

{{- /* The program's configuration. What the values say is handed on; what only the chart knows is added. */ -}}
{{- define "backstitch.configuration" -}}
{{- $instances := list -}}
{{- range .Values.scrapers.backstage.instances -}}
{{- $instance := deepCopy . -}}
{{- if and .secretName (not .namespace) -}}
{{- $_ := set $instance "namespace" $.Release.Namespace -}}
{{- end -}}
{{- $instances = append $instances $instance -}}
{{- end -}}
{{- $own := dict "name" .Values.cluster_name "in_cluster" true -}}
{{- with include "backstitch.watchedNamespaces" . | fromJsonArray -}}
{{- $_ := set $own "namespaces" . -}}
{{- end -}}
{{- $configuration := dict
  "scrapers" (dict "backstage" (dict "enabled" .Values.scrapers.backstage.enabled "instances" $instances))
  "clusters" (concat (list $own) .Values.clusters)
  "secrets" (dict "namespaces" (include "backstitch.secretNamespaces" . | fromJsonArray))
  "store" "/var/lib/backstitch/backstitch.db"
  "listen" (default "0.0.0.0:7465" .Values.listen)
-}}
{{- range $key := list "label_prefix" "allowed_hosts" "sign_in" "metrics" "history" "alertmanager" "notifications" -}}
{{- with index $.Values $key -}}
{{- $_ := set $configuration $key . -}}
{{- end -}}
{{- end -}}
{{- if .Values.integrations.enabled -}}
{{- $_ := set $configuration "integrations" .Values.integrations -}}
{{- end -}}
{{- if .Values.apiToken.existingSecret -}}
{{- $_ := set $configuration "api_token_file" (include "backstitch.apiTokenFile" .) -}}
{{- end -}}
{{- range list "max_removal_ratio" "removal_confirmations" -}}
{{- if not (kindIs "invalid" (index $.Values .)) -}}
{{- $_ := set $configuration . (index $.Values .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $configuration -}}
{{- end -}}

{{- define "backstitch.apiTokenFile" -}}
/run/secrets/backstitch-api-token/{{ .Values.apiToken.key }}
{{- end -}}

{{- /* A probe: what is asked, and the times of the values. */ -}}
{{- define "backstitch.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  {{- if .hosts }}
  {{- /* By the address of the Pod, as the kubelet asks, it would be refused. */}}
  httpHeaders:
    - name: Host
      value: localhost
  {{- end }}
{{ toYaml .times }}
{{- end -}}
