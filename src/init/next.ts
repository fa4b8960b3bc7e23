/** What comes after `--init`: three commands, as they can be pasted. Pure. */
import type { Config } from '../config/config.ts'

interface Next extends Pick<Config, 'host' | 'port' | 'trustProxy' | 'requireHttps' | 'publicUrl'> {
  /** Of the settings. */
  file: string
  cert: string | undefined
  /** Whether systemd runs here. */
  isSupervised: boolean
}

export function nextCommands(next: Next): string {
  if (!next.isSupervised) {
    return `  set -a; . ${word(next.file)}; set +a
  abrt-reposync
  abrt-retrace-server`
  }
  return `  systemctl start abrt-reposync.service
  systemctl enable --now abrt-retrace-server.service abrt-reposync.timer abrt-retrace-clean.timer
  ${question(next)}`
}

/** How the server is asked from this machine: where a proxy does TLS, by its address, or in its name. */
function question({ host, port, cert, trustProxy, requireHttps, publicUrl }: Next): string {
  if (port === 0) return 'journalctl -u abrt-retrace-server.service -n 20'
  const place = `${nameOf(host)}:${port}/`
  if (cert !== undefined) return `curl --cacert ${word(cert)} https://${place}`
  if (!requireHttps) return `curl http://${place}`
  if (publicUrl !== undefined && publicUrl !== '') return `curl ${word(publicUrl)}`
  if (['127.0.0.1', '::1'].some((each) => trustProxy.trusts(each))) {
    return `curl -H 'X-Forwarded-Proto: https' http://${place}`
  }
  return 'systemctl status abrt-retrace-server.service'
}

/** As an address that this machine can ask. */
function nameOf(host: string): string {
  if (host === '::' || host === '0.0.0.0') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

function word(text: string): string {
  return /^[A-Za-z0-9/._:,@%+=~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
