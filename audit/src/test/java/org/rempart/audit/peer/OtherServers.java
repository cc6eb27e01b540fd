/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.rempart.audit.net.Service;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.ServerProcess;
import org.rempart.testsupport.Tools;

/**
 * Mail servers of others for {@code example.com}, on loopback, with the accounts {@link #ACCOUNT} and
 * {@code bob@example.com}, configured as their documents and packages begin. They trust 127.0.0.1, so that an audit comes
 * from another address.
 */
public final class OtherServers {
    public static final String ACCOUNT = "alice@example.com";
    public static final String PASSWORD = "secret of alice";

    private static final Duration START = Duration.ofSeconds(60);
    private static final Path FOLDER = Path.of(System.getenv().getOrDefault("REMPART_SERVERS", "/opt/rempart-servers"));

    private OtherServers() {}

    /**
     * A server that runs.
     *
     * @param ports where it listens, on loopback
     * @param sink where it delivers what is for other domains
     * @param root of its certificate
     */
    public record Running(Map<Service, Integer> ports, int sink, X509Certificate root, ServerProcess process)
            implements AutoCloseable {
        @Override
        public void close() {
            process.close();
        }
    }

    /** What a server of any make is configured with. */
    private static final class Site {
        private final Path home;
        private final Map<Service, Integer> ports = new EnumMap<>(Service.class);
        private final int sink = FreePort.next();
        private final CertificateAuthority authority = CertificateAuthority.create("Authority of the tests");

        /** In a folder that every user of the machine may enter: servers give up root's rights. */
        Site(Path home, Service... services) throws IOException, GeneralSecurityException {
            this.home = home;
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
            authority
                    .request("localhost", "mail.example.com", "127.0.0.1")
                    .keys(KeyKind.RSA)
                    .issue()
                    .writePem(home.resolve("certificate.pem"), home.resolve("key.pem"));
            for (Service service : services) {
                ports.put(service, FreePort.next());
            }
        }

        /** The text with ports, folder and password in their places. */
        String text(String template) {
            String text = template.replace("@home@", home.toString())
                    .replace("@sink@", Integer.toString(sink))
                    .replace("@account@", ACCOUNT)
                    .replace("@password@", PASSWORD);
            for (Map.Entry<Service, Integer> port : ports.entrySet()) {
                text = text.replace("@" + port.getKey() + "@", Integer.toString(port.getValue()));
            }
            return text;
        }

        Path write(String file, String template) throws IOException {
            Path path = home.resolve(file);
            Files.createDirectories(path.getParent());
            return Files.writeString(path, text(template));
        }

        void give(String owner, String... files) throws IOException, InterruptedException {
            List<String> command = new ArrayList<>(List.of("chown", owner));
            command.addAll(List.of(files));
            ServerProcess.run(START, home, command);
        }

        Running start(List<String> command) throws IOException, InterruptedException {
            ServerProcess process = ServerProcess.start(command, home, home.resolve("output"));
            process.awaitListening(
                    START,
                    ports.values().stream()
                            .map(port -> new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                            .toList());
            return new Running(ports, sink, authority.certificate(), process);
        }
    }

    private static Path unpacked(String program) {
        Path path = FOLDER.resolve(program);
        boolean there = Files.exists(path);
        String missing =
                "the mail servers of others are not here: " + path + " is missing; as root: .ci/servers " + FOLDER;
        if (!there && "true".equals(System.getenv("REMPART_REQUIRE_SERVERS"))) {
            throw new AssertionError(missing);
        }
        Assumptions.assumeTrue(there, missing);
        Tools.require(System.getProperty("user.name").equals("root"), "mail servers start only as root");
        return path;
    }

    /**
     * Exim 4.96 of Debian 12, with the rules for recipients of its packaged configuration.
     *
     * @param main lines for the first section of its configuration
     * @param sender lines of the access list for MAIL, before its last
     * @param message lines of the one for the message
     */
    public static Running exim(Path home, String main, String sender, String message)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path program = unpacked("exim/usr/sbin/exim4");
        Site site = new Site(home, Service.SMTP, Service.SUBMISSION, Service.SUBMISSIONS);
        Files.createDirectories(home.resolve("spool"));
        site.give("Debian-exim", "spool", "key.pem");
        Path conf = site.write(
                "exim.conf",
                """
                primary_hostname = mail.example.com
                domainlist local_domains = example.com
                hostlist relay_from_hosts = 127.0.0.1
                spool_directory = @home@/spool
                log_file_path = @home@/spool/%slog
                pid_file_path = @home@/spool/pid
                local_interfaces = 127.0.0.1
                daemon_smtp_ports = @SMTP@ : @SUBMISSION@ : @SUBMISSIONS@
                tls_on_connect_ports = @SUBMISSIONS@
                tls_advertise_hosts = *
                tls_certificate = @home@/certificate.pem
                tls_privatekey = @home@/key.pem
                acl_smtp_rcpt = acl_check_rcpt
                acl_smtp_mail = acl_check_mail
                acl_smtp_data = acl_check_data
                host_lookup =
                rfc1413_hosts =
                deliver_drop_privilege = true
                keep_environment =
                @main@

                begin acl
                acl_check_mail:
                @sender@
                  accept
                acl_check_data:
                @message@
                  accept
                acl_check_rcpt:
                  deny domains = +local_domains
                       local_parts = ^[.] : ^.*[@%!/|]
                       message = Restricted characters in address
                  deny domains = !+local_domains
                       local_parts = ^[./|] : ^.*[@%!] : ^.*/\\\\.\\\\./
                       message = Restricted characters in address
                  accept local_parts = postmaster
                         domains = +local_domains
                  require verify = sender
                  accept hosts = +relay_from_hosts
                         control = submission/sender_retain
                  accept authenticated = *
                         control = submission/sender_retain
                  require message = relay not permitted
                          domains = +local_domains
                  require verify = recipient
                  accept

                begin routers
                outside:
                  driver = manualroute
                  domains = ! +local_domains
                  transport = outside
                  route_list = * 127.0.0.1
                  self = send
                inside:
                  driver = accept
                  local_parts = alice : bob : postmaster
                  transport = inside

                begin transports
                outside:
                  driver = smtp
                  port = @sink@
                inside:
                  driver = appendfile
                  file = @home@/spool/mbox
                  user = Debian-exim

                begin authenticators
                plain:
                  driver = plaintext
                  public_name = PLAIN
                  server_prompts = :
                  server_condition = ${if and{{eq{$auth2}{@account@}}{eq{$auth3}{@password@}}}}
                  server_set_id = $auth2
                  server_advertise_condition = ${if def:tls_in_cipher}
                """.replace("@main@", main).replace("@sender@", sender).replace("@message@", message));
        return site.start(List.of(program.toString(), "-C", conf.toString(), "-bdf"));
    }

    /**
     * OpenSMTPD 6.8.0 of Debian 12, as an MX without TLS: with Debian's OpenSSL no handshake with it succeeds. Its socket
     * has a fixed place, so there is one at a time.
     */
    public static Running openSmtpd(Path home) throws IOException, GeneralSecurityException, InterruptedException {
        Path program = unpacked("opensmtpd/usr/sbin/smtpd");
        Site site = new Site(home, Service.SMTP);
        Path conf = site.write("smtpd.conf", """
                table domains { "example.com" }
                table addresses { "@account@" = "nobody", "bob@example.com" = "nobody", "postmaster" = "nobody" }
                listen on 127.0.0.1 port @SMTP@ hostname mail.example.com
                action "inside" mbox virtual <addresses>
                match from any for domain <domains> action "inside"
                """);
        return site.start(List.of(program.toString(), "-d", "-f", conf.toString()));
    }

    /**
     * Dovecot 2.3 of Debian 12, with all its protocols for clients.
     *
     * @param more lines for the end of its configuration
     */
    public static Running dovecot(Path home, String more)
            throws IOException, GeneralSecurityException, InterruptedException {
        Tools.require(
                Files.isExecutable(Path.of("/usr/sbin/dovecot"))
                        && Files.isExecutable(Path.of("/usr/lib/dovecot/pop3-login"))
                        && Files.isExecutable(Path.of("/usr/lib/dovecot/managesieve-login")),
                "Dovecot is not whole; on Debian: apt-get install dovecot-imapd dovecot-pop3d dovecot-managesieved");
        Tools.require(System.getProperty("user.name").equals("root"), "Dovecot starts only as root");
        Site site = new Site(home, Service.IMAP, Service.IMAPS, Service.POP3, Service.POP3S, Service.SIEVE);
        site.write("users", "@account@:{PLAIN}@password@\n");
        Path conf = site.write("dovecot.conf", """
                base_dir = @home@/run
                log_path = @home@/log
                protocols = imap pop3 sieve
                listen = 127.0.0.1
                ssl = yes
                ssl_cert = <@home@/certificate.pem
                ssl_key = <@home@/key.pem
                mail_location = maildir:@home@/mail/%u
                passdb {
                  driver = passwd-file
                  args = @home@/users
                }
                userdb {
                  driver = static
                  args = uid=65534 gid=65534 home=@home@/mail/%u
                }
                service imap-login {
                  inet_listener imap {
                    port = @IMAP@
                  }
                  inet_listener imaps {
                    port = @IMAPS@
                  }
                }
                service pop3-login {
                  inet_listener pop3 {
                    port = @POP3@
                  }
                  inet_listener pop3s {
                    port = @POP3S@
                  }
                }
                service managesieve-login {
                  inet_listener sieve {
                    port = @SIEVE@
                  }
                }
                """ + more);
        return site.start(List.of("/usr/sbin/dovecot", "-F", "-c", conf.toString()));
    }

    /** Haraka, with the plugins of its tutorial. */
    public static Running haraka(Path home) throws IOException, GeneralSecurityException, InterruptedException {
        Path program = unpacked("haraka/node_modules/haraka/bin/haraka");
        Tools.requireProgram("node");
        Site site = new Site(home, Service.SMTP, Service.SUBMISSION, Service.SUBMISSIONS);
        Path conf = home.resolve("haraka");
        ServerProcess.run(START, home, List.of("node", program.toString(), "-i", conf.toString()));
        site.write("haraka/config/smtp.ini", """
                listen=127.0.0.1:@SMTP@,127.0.0.1:@SUBMISSION@,127.0.0.1:@SUBMISSIONS@
                smtps_port=@SUBMISSIONS@
                """);
        site.write("haraka/config/me", "mail.example.com\n");
        site.write("haraka/config/host_list", "example.com\n");
        site.write("haraka/config/plugins", "tls\nauth/flat_file\nrcpt_to.in_host_list\nqueue/discard\n");
        site.write("haraka/config/tls.ini", "key=tls_key.pem\ncert=tls_cert.pem\n");
        site.write("haraka/config/auth_flat_file.ini", """
                [core]
                methods=PLAIN,LOGIN
                [users]
                @account@=@password@
                """);
        Files.copy(home.resolve("certificate.pem"), conf.resolve("config/tls_cert.pem"));
        Files.copy(home.resolve("key.pem"), conf.resolve("config/tls_key.pem"));
        return site.start(List.of("node", program.toString(), "-c", conf.toString()));
    }
}
