"""What dnf takes of the repositories of a folder of `.repo` files: a JSON line each, `taken` and `said`.

Run by Debian's python3, which has dnf: FOLDER VARIABLES (as JSON): FOLDER holds `repos.d`, everything else is made in it. It does what `dnf makecache`,
`dnf repoquery` and `dnf install --downloadonly -y` do, by the same functions, in one process that reads no other settings.
"""
import json
import sys

import dnf
import dnf.callback
import dnf.exceptions


class Import(dnf.callback.KeyImport):
    """-y: a key that the section names is imported."""

    def _confirm(self, *_):
        return True


def tell(kind, text):
    print(json.dumps({kind: str(text)}), flush=True)


def load(base):
    """All repositories; of one that cannot be had a warning says why."""
    for repo in base.repos.iter_enabled():
        repo._set_key_import(Import())
        repo.retries = 1
        repo.skip_if_unavailable = True
    base.fill_sack(load_system_repo=False)


def is_signed(base, package):
    result, why = base.package_signature_check(package)
    if result == 1:
        base.package_import_key(package, lambda *_: True, lambda *_: True)
        result, why = base.package_signature_check(package)
    if result != 0:
        tell('said', why)
    return result == 0


def take(base, package):
    try:
        base.download_packages([package])
        if is_signed(base, package):
            tell('taken', ' '.join([package.name, package.evr, package.arch]))
    # Without a location it ends with a TypeError.
    except (dnf.exceptions.Error, TypeError, ValueError, OSError) as error:
        tell('said', error)


def main(folder, variables):
    with dnf.Base() as base:
        conf = base.conf
        conf.config_file_path = ''
        conf.reposdir = [folder + '/repos.d']
        conf.pluginpath = []
        conf.installroot = folder + '/root'
        conf.cachedir = folder + '/cache'
        conf.persistdir = folder + '/state'
        conf.logdir = folder
        conf.varsdir = []
        conf.assumeyes = True
        conf.gpgcheck = True
        conf.timeout = 10
        conf.substitutions.update({'arch': 'x86_64', 'basearch': 'x86_64', 'releasever': '40'})
        conf.substitutions.update(json.loads(variables))
        base.read_all_repos()
        load(base)
        for package in sorted(base.sack.query().available()):
            take(base, package)


main(*sys.argv[1:])
