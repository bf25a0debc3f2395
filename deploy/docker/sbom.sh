#!/bin/sh
# Prints the software bill of materials of this image as SPDX 2.3 (tag-value): every Debian package with its version. `sbom.sh <name> <version>`
set -eu
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)
cat <<HEADER
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: $1-$2
DocumentNamespace: urn:uuid:$(cat /proc/sys/kernel/random/uuid)
Creator: Tool: gravity-sbom
Created: $created
HEADER
# An SPDXID holds letters, digits, dots and hyphens only, so the + of names such as libstdc++6 becomes .plus.
dpkg-query -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture}\n' | while read -r status package version architecture; do
    test "$status" = installed || continue
    id=$(printf '%s' "$package-$architecture" | sed 's/+/.plus./g')
    printf '\nPackageName: %s\nSPDXID: SPDXRef-%s\nPackageVersion: %s\nPackageDownloadLocation: NOASSERTION\nFilesAnalyzed: false\n' \
        "$package" "$id" "$version"
    printf 'ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/%s@%s?arch=%s\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-%s\n' \
        "$(printf '%s' "$package" | sed 's/+/%2B/g')" "$(printf '%s' "$version" | sed 's/+/%2B/g; s/:/%3A/g; s/~/%7E/g')" "$architecture" "$id"
done
