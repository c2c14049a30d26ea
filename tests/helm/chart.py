"""Renders the chart."""

import functools
import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/lmsmail"
TOOLS = pathlib.Path(os.environ["LMSMAIL_TOOLS"])
PROGRAMS = pathlib.Path(os.environ["LMSMAIL_PROGRAMS"])
KUBERNETES = "1.37"

# What is installed: arguments of helm by a name.
INSTALLATIONS = {
    "trial": ["-f", CHART / "trial.yaml", "--set", "image.repository=lmsmail"],
    "cert-manager": ["-f", CHART / "ci/cert-manager.yaml"],
    "secrets": ["-f", CHART / "ci/secrets.yaml"],
    # Each switch the other way round than above.
    "trial, all": ["-f", CHART / "trial.yaml", "--set", ",".join([
        "image.repository=lmsmail", "bounces.domain=bounces.school.example", "tracking.opens={progress}",
        "dispatch.config.transports.relay.kind=smtp", "dispatch.config.transports.relay.host=relay.school.example",
        "dispatch.journal.persistent=false", "dispatch.autoscaling.enabled=true",
        "template.autoscaling.enabled=true", "gateway.httpRoute.enabled=true",
        "gateway.httpRoute.parentRefs[0].name=public", "metrics.serviceMonitor.enabled=true",
        "networkPolicy.monitoring[0].namespaceSelector.matchLabels.team=monitoring",
        "metrics.prometheusRule.enabled=true", "metrics.dashboards.enabled=true"])],
    "cert-manager, other issuer": ["-f", CHART / "ci/cert-manager.yaml", "--set", ",".join([
        "auth.certManager.issuerRef.name=company", "auth.certManager.issuerRef.kind=ClusterIssuer",
        "networkPolicy.database.to=null", "smoke.recipient=you@school.example"])],
    "cert-manager, bundled PostgreSQL": ["-f", CHART / "ci/cert-manager.yaml", "--set", ",".join([
        "postgresql.enabled=true", "database.secret="])],
    "secrets, policies": ["-f", CHART / "ci/secrets.yaml", "--set", "networkPolicy.enabled=true"],
}
# The longest name of a release that Helm allows.
LONG_NAME = "a-release-with-the-longest-name-that-helm-allows-at-al"[:53]


class Refused(Exception):
    """Helm did not render; the text says why."""


def helm(*arguments):
    folder = TOOLS / "home"
    environment = dict(os.environ, HELM_CACHE_HOME=folder, HELM_CONFIG_HOME=folder, HELM_DATA_HOME=folder)
    done = subprocess.run([TOOLS / "helm", *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


@functools.cache
def render(*arguments, release="mail", namespace="school"):
    """The text of all objects, hooks and tests included."""
    return helm("template", release, CHART, "-n", namespace, "--kube-version", KUBERNETES + ".0", *arguments)


@functools.cache
def objects(installation, *arguments, release="mail"):
    """The objects of one of INSTALLATIONS."""
    text = render(*INSTALLATIONS[installation], *arguments, release=release)
    return [item for item in yaml.safe_load_all(text) if item]


def find(items, kind, suffix):
    """The object of this kind whose name ends with "-suffix"."""
    return next(item for item in items
                if item["kind"] == kind and item["metadata"]["name"].endswith("-" + suffix))


def kinds(items, kind):
    return [item for item in items if item["kind"] == kind]


def pod_of(item):
    """The spec of the pods that an object makes, or None."""
    if item["kind"] == "Pod":
        return item["spec"]
    return item.get("spec", {}).get("template", {}).get("spec") if "spec" in item else None


def pods(items):
    """Pairs of the object and the spec of its pods."""
    return [(item, pod_of(item)) for item in items if pod_of(item)]


def mounted_files(pod, container):
    """The paths at which the container has files of Secrets; a whole Secret as its folder and "/"."""
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        volume = volumes.get(mount["name"], {})  # absent: of a StatefulSet's claims
        sources = volume.get("projected", {}).get("sources") or [volume]
        for source in sources:
            secret = source.get("secret")
            if secret is None:
                continue
            if "items" not in secret:
                yield mount["mountPath"] + "/"
            for entry in secret.get("items", []):
                yield mount["mountPath"] + "/" + entry["path"]
