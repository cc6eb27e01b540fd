/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;

/** OpenLDAP's own server on loopback, with the entries of {@code directory.ldif} and a policy for passwords. */
final class Slapd implements AutoCloseable {
    /** Who may read everything. */
    static final String MANAGER = "cn=manager,dc=test";

    static final String SECRET = "manager's secret";

    private static final List<Path> MODULES = List.of(Path.of("/usr/lib/ldap"), Path.of("/usr/lib64/openldap"));

    private final Path folder;
    private final int ldap;
    private final int ldaps;
    private Process process;

    private Slapd(Path folder, int ldap, int ldaps) {
        this.folder = folder;
        this.ldap = ldap;
        this.ldaps = ldaps;
    }

    private static Optional<Path> program(String name) {
        return Stream.of("/usr/sbin/", "/usr/lib/openldap/", "/usr/libexec/")
                .map(at -> Path.of(at + name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Skips the test where there is no slapd, or fails it where every tool has to be there. */
    static void assumeInstalled() {
        boolean installed = program("slapd").isPresent() && program("slapadd").isPresent();
        if (!installed && "true".equals(System.getenv("REMPART_REQUIRE_TOOLS"))) {
            throw new IllegalStateException("slapd is not installed, and REMPART_REQUIRE_TOOLS is true");
        }
        assumeTrue(installed, "slapd is not installed; on Debian: apt-get install slapd");
    }

    /** Starts one, with the certificate and the key in its folder. */
    static Slapd start(Path folder) throws Exception {
        Files.writeString(folder.resolve("slapd.conf"), configuration(folder), StandardCharsets.UTF_8);
        Files.createDirectories(folder.resolve("database"));
        Path ldif = folder.resolve("directory.ldif");
        try (var in = Slapd.class.getResourceAsStream("directory.ldif")) {
            Files.copy(in, ldif);
        }
        run(folder, program("slapadd").orElseThrow().toString(), "-f", "slapd.conf", "-l", "directory.ldif");
        Slapd slapd = new Slapd(folder, FreePort.next(), FreePort.next());
        slapd.resume();
        return slapd;
    }

    private static String configuration(Path folder) {
        String schema = "/etc/ldap/schema";
        String modules = MODULES.stream()
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow()
                .toString();
        return String.join(
                "\n",
                "include " + schema + "/core.schema",
                "include " + schema + "/cosine.schema",
                "include " + schema + "/nis.schema",
                "include " + schema + "/inetorgperson.schema",
                "modulepath " + modules,
                "moduleload back_mdb",
                "moduleload ppolicy",
                "attributetype ( 1.3.6.1.4.1.99999.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch"
                        + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
                "attributetype ( 1.3.6.1.4.1.99999.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch"
                        + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
                "attributetype ( 1.3.6.1.4.1.99999.3 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch"
                        + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
                "objectclass ( 1.3.6.1.4.1.99999.4 NAME 'windowsUser' SUP top AUXILIARY"
                        + " MAY ( sAMAccountName $ userPrincipalName $ proxyAddresses ) )",
                "pidfile " + folder.resolve("slapd.pid"),
                "argsfile " + folder.resolve("slapd.args"),
                "TLSCertificateFile " + folder.resolve("certificate.pem"),
                "TLSCertificateKeyFile " + folder.resolve("key.pem"),
                "sizelimit 1000",
                "database mdb",
                "suffix dc=test",
                "rootdn " + MANAGER,
                "rootpw \"" + SECRET + "\"",
                "directory " + folder.resolve("database"),
                "maxsize 16777216",
                "overlay ppolicy",
                "ppolicy_default cn=default,dc=test",
                "access to attrs=userPassword by anonymous auth by * none",
                "access to * by * read",
                "");
    }

    private static void run(Path folder, String... command) throws IOException, InterruptedException {
        Path log = folder.resolve("command.log");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(command[0] + " failed: " + Files.readString(log));
        }
    }

    /** Starts it again, on the same ports. */
    void resume() throws IOException, InterruptedException {
        Path log = folder.resolve("slapd.log");
        process = new ProcessBuilder(
                        program("slapd").orElseThrow().toString(),
                        "-f",
                        "slapd.conf",
                        "-h",
                        "ldap://127.0.0.1:" + ldap + " ldaps://127.0.0.1:" + ldaps,
                        "-d",
                        "none")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!answers(ldap) || !answers(ldaps)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                close();
                throw new IOException("slapd does not start: " + Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    int ldap() {
        return ldap;
    }

    int ldaps() {
        return ldaps;
    }

    /** Stops it; nothing answers at its ports then. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
