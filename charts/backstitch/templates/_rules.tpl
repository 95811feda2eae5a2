{{- /* What Prometheus is told to watch and to record. deploy/prometheus/rules.yaml is made of this as well. */ -}}
{{- define "backstitch.rules" -}}
{{- $rule := .Values.prometheusRule -}}
{{- $from := default (printf "namespace=%q, job=%q" .Release.Namespace (include "backstitch.fullname" .)) $rule.selector -}}
{{- $ask := printf "kubectl exec --namespace %s deploy/%s -- backstitch sources" .Release.Namespace (include "backstitch.fullname" .) -}}
{{- $look := printf "Look at the Pod of Deployment %s/%s." .Release.Namespace (include "backstitch.fullname" .) -}}
{{- $group := include "backstitch.roleName" . -}}
{{- if $rule.selector -}}
{{- $group = include "backstitch.fullname" . -}}
{{- $ask = "backstitch sources" -}}
{{- $look = "Look at its log." -}}
{{- end -}}
groups:
  - name: {{ $group }}
    rules:
      - alert: BackstitchDown
        expr: absent(up{ {{- $from -}} } == 1)
        for: {{ $rule.for.down }}
        labels:
          severity: critical
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: Backstitch gives no metrics
          description: Nobody can ask who owns what. {{ $look }}
      - alert: BackstitchStoreFailing
        expr: backstitch_store_up{ {{- $from -}} } == 0
        for: {{ $rule.for.storeFailing }}
        labels:
          severity: critical
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: Backstitch cannot write to its store
          description: 'The last state is served, and nothing new is taken. Why and what to do about it says `{{ $ask }}`.'
      - alert: BackstitchSourceFailing
        expr: backstitch_source_phase{ {{- $from }}, phase="failing"} == 1
        for: {{ $rule.for.failing }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `{{ $labels.kind }} {{ $labels.source }} could never be read` }}'
          description: 'What is wrong and what to do about it says `{{ $ask }}`.'
      - alert: BackstitchSourceStale
        expr: backstitch_source_phase{ {{- $from }}, phase="stale"} == 1
        for: {{ $rule.for.stale }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `{{ $labels.kind }} {{ $labels.source }} can no longer be read` }}'
          description: 'What it said before is still served. What is wrong and what to do about it says `{{ $ask }}`.'
      - alert: BackstitchSourceOverdue
        expr: time() - backstitch_source_next_attempt_timestamp_seconds{ {{- $from -}} } > 4500
        for: {{ $rule.for.overdue }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `{{ $labels.kind }} {{ $labels.source }} is due to be read, and is not` }}'
          description: 'A read takes an hour at most. Where it stands says `{{ $ask }}`; a restart of Backstitch begins anew.'
      - alert: BackstitchSourceHeld
        expr: backstitch_source_held_removals{ {{- $from -}} } > 0
        for: {{ $rule.for.held }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `{{ $value }} removals of {{ $labels.kind }} {{ $labels.source }} wait for confirmation` }}'
          description: 'A read would remove more than one read may. Whether that is right says the source; where it stands, `{{ $ask }}`.'
      - alert: BackstitchCoverageFalling
        expr: backstitch_cluster_coverage_ratio{ {{- $from -}} } < quantile_over_time(0.9, backstitch_cluster_coverage_ratio{ {{- $from -}} }[1d]) - {{ $rule.coverageDrop }}
        for: {{ $rule.for.coverageFalling }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `Only {{ $value | humanizePercentage }} of the Services of cluster {{ $labels.cluster }} have an owner` }}'
          description: 'Within a day the share fell by more than {{ $rule.coverageDrop }}. Which lost theirs, when and why says /api/v1/history.'
      - alert: BackstitchOwnersLeftOut
        expr: backstitch_owner_info_left_out{ {{- $from }}, reason="bound"} > 0
        for: {{ $rule.for.ownersLeftOut }}
        labels:
          severity: warning
          {{- with $rule.ruleLabels }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
        annotations:
          summary: '{{ `{{ $value }} {{ $labels.kind }} have no series for their owner` }}'
          description: 'There are as many series as there may be. Raise `metrics.most_series` of the configuration.'
      {{- with $rule.additionalRules }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  # One owner for each object, whatever two series there are of it for a moment: after a restart of Backstitch, or where an owner has
  # just changed.
  - name: {{ $group }}:owners
    rules:
      - record: service:backstitch_owner:info
        expr: >-
          topk by (cluster, namespace, service) (1, max by (cluster, namespace, service, owner_ref, team, owner_kind, component, system, lifecycle)
          (backstitch_service_owner_info{owner_ref!=""}))
      - record: workload:backstitch_owner:info
        expr: >-
          topk by (cluster, namespace, workload, workload_type) (1, max by (cluster, namespace, workload, workload_type, owner_ref, team, owner_kind, component, system, lifecycle)
          (backstitch_workload_owner_info{owner_ref!=""}))
      - record: pod:backstitch_owner:info
        expr: >-
          topk by (cluster, namespace, pod) (1, max by (cluster, namespace, pod, owner_ref, team, owner_kind, component, system, lifecycle)
          (backstitch_pod_owner_info{owner_ref!=""}))
          or on (cluster, namespace, pod)
          max by (cluster, namespace, pod, workload, workload_type) (namespace_workload_pod:kube_pod_owner:relabel)
          * on (cluster, namespace, workload, workload_type) group_left (owner_ref, team, owner_kind, component, system, lifecycle)
          workload:backstitch_owner:info
{{- end -}}
