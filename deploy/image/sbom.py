"""The SBOM of the image, as SPDX 2.3 in JSON."""

import datetime
import email.parser
import json
import re


def package_of(status):
    """The SPDX package of a Debian package, of which status is the entry in dpkg's status file."""
    fields = email.parser.HeaderParser().parsestr(status)
    name, version = fields["Package"], fields["Version"]
    # "glibc (2.36-9)" where the source package's name or version differs from the binary's.
    source = re.match(r"(\S+)(?: \((.+)\))?", fields.get("Source", name))
    qualifiers = f"arch={fields['Architecture']}&distro=debian-12"
    return {
        "name": name,
        "SPDXID": "SPDXRef-Package-deb-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "originator": "Person: " + fields["Maintainer"],
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"built from the Debian source package {source[1]} {source[2] or version}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": f"Its licences are in /usr/share/doc/{name}/copyright of the image.",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{purl_text(name)}@{purl_text(version)}?{qualifiers}",
        }],
    }


def purl_text(text):
    return text.replace("%", "%25").replace("+", "%2B").replace(":", "%3A").replace("~", "~")


def spdx_document(status_folder, version, commit, epoch):
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    suite = {
        "name": "lmsmail",
        "SPDXID": "SPDXRef-Package-lmsmail",
        "versionInfo": version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"built from commit {commit or 'unknown'}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
    }
    packages = [package_of(path.read_text()) for path in sorted(status_folder.iterdir())]
    return json.dumps({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"lmsmail-{version}",
        # The namespace must be different for different documents; it need not be an address.
        "documentNamespace": f"https://lmsmail.invalid/sbom/{version}/{commit or 'unknown'}/{epoch}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: lmsmail-root_files"],
        },
        "packages": [suite, *packages],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
             "relatedSpdxElement": suite["SPDXID"]},
            *({"spdxElementId": suite["SPDXID"], "relationshipType": "DEPENDS_ON",
               "relatedSpdxElement": package["SPDXID"]} for package in packages),
        ],
    }, indent=1, ensure_ascii=False) + "\n"
