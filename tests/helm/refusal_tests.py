"""Values that are wrong or incomplete are refused, with what to do."""

import unittest

from chart import INSTALLATIONS, Refused, render


class RefusalTest(unittest.TestCase):
    def refuses(self, expected, *settings, base="cert-manager"):
        arguments = list(INSTALLATIONS[base])
        for setting in settings:
            arguments += ["--set", setting]
        with self.assertRaises(Refused) as caught:
            render(*arguments)
        for text in [expected] if isinstance(expected, str) else expected:
            self.assertIn(text, str(caught.exception))

    def test_names_all_that_is_missing_at_once(self):
        with self.assertRaises(Refused) as caught:
            render()
        for value in ("image.repository", "school.publicUrl", "auth.certManager.enabled", "database.secret",
                      "keys.secret", "dispatch.config.transports"):
            self.assertIn(value, str(caught.exception))

    def test_typing_errors(self):
        for setting, name in {
                "repilcas=3": "repilcas", "template.replica=3": "replica",
                "school.publicURL=https://x": "publicURL", "image.name=x": "name",
                "auth.certmanager.enabled=true": "certmanager", "gateway.ingres.enabled=true": "ingres",
                "networkPolicy.caller[0].x=1": "caller", "metrics.dashboard.enabled=true": "dashboard",
                "dispatch.journal.persistence=true": "persistence",
                "report.journal.persistent=true": "journal", "postgresql.enable=true": "enable",
                "auth.secrets.dispach=x": "dispach", "pods.label.a=b": "label",
                "networkPolicy.callers[0].podselector.a=b": "podselector",
        }.items():
            with self.subTest(setting):
                self.refuses(name, setting)

    def test_wrong_values(self):
        for setting, path in {
                "school.publicUrl=http://mail.school.example": "/school/publicUrl",
                "school.publicUrl=https://mail.school.example/path": "/school/publicUrl",
                "image.tag=latest": "/image/tag", "image.digest=sha256:12": "/image/digest",
                "postgresql.image=postgres:latest": "/postgresql/image",
                "postgresql.image=postgres": "/postgresql/image", "logLevel=trace": "/logLevel",
                "template.replicas=-1": "/template/replicas", "template.replicas=two": "/template/replicas",
                "dispatch.drainSeconds=0": "/dispatch/drainSeconds",
                "tracking.opens={newsletter}": "/tracking/opens", "bounces.domain=school": "/bounces/domain",
                "auth.callers.lms.roles={king}": "/auth/callers/lms/roles",
                "auth.callers.lms.token_sha256={secret}": "/auth/callers/lms/token_sha256",
                "auth.callers.dispatch.roles={admin}": "/auth/callers",
                "gateway.trustedProxies={10.0.0.1}": "/gateway/trustedProxies",
                "networkPolicy.mail.ports={}": "/networkPolicy/mail/ports",
                "smoke.recipient=you": "/smoke/recipient", "dispatch.secrets={A_B}": "/dispatch/secrets",
                "template.autoscaling.maxReplicas=0": "/template/autoscaling/maxReplicas",
        }.items():
            with self.subTest(setting):
                self.refuses(path, setting)

    def test_what_the_chart_itself_configures(self):
        for setting in (
                "template.config.listen=0.0.0.0:1", "dispatch.config.tls.key=/x",
                "report.config.auth.callers_file=x", "preference.config.keys_file=/x",
                "scheduler.config.postgres.dsn_file=/x", "dispatch.config.worker.state_directory=/tmp",
                "gateway.config.admin_listen=0.0.0.0:1",
        ):
            with self.subTest(setting):
                self.refuses("false schema", setting)

    def test_missing_pairs(self):
        self.refuses("/auth/callers/other", "auth.callers.other.roles={sender}")
        self.refuses("database: only one of", "postgresql.enabled=true")
        self.refuses("auth: only one of auth.certManager.enabled and auth.trial.enabled", "auth.trial.enabled=true")
        self.refuses("auth.certManager.enabled, auth.secrets", "auth.certManager.enabled=false")
        self.refuses(["auth.secrets.template", "auth.secrets.gateway"], "auth.certManager.enabled=false",
                     "auth.secrets.dispatch=tls")
        self.refuses("auth.secrets.postgresql", "postgresql.enabled=true", "database.secret=", base="secrets")
        self.refuses("only one of auth.callers and auth.callersSecret", "auth.callersSecret=x")
        self.refuses("keys.secret", "keys.secret=")
        self.refuses("tokenSecret.name", "metrics.serviceMonitor.tokenSecret.name=")
        self.refuses("networkPolicy.monitoring", "networkPolicy.monitoring=null")
        self.refuses("gateway.httpRoute.parentRefs", "gateway.httpRoute.enabled=true")
        self.refuses("auth.callers.operator", "auth.callers.operator.roles={admin}",
                     "auth.callers.operator.certificate={ops.school.example}", base="trial")

    def test_an_old_cluster(self):
        with self.assertRaises(Refused) as caught:
            render(*INSTALLATIONS["trial"], "--kube-version", "1.29.0")
        self.assertIn("chart requires kubeVersion", str(caught.exception))
