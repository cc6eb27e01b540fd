/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.quickstart.CertificateAuthority.ServerCertificate;
import org.rempart.testsupport.FreePort;

/** OpenLDAP's server on loopback, over LDAPS alone, in a folder of its own. */
final class OpenLdap implements AutoCloseable {
    /** Who may search, and his password. */
    static final String READER = "cn=reader,dc=test";

    static final String SECRET = "reader's secret";

    /** Further addresses of an account, as the overlay of the configuration names it. */
    private static final String ALIAS = "mailAlternateAddress";

    private static final long START_SECONDS = 60;

    private final Path folder;
    private final int port;
    private Process process;

    private OpenLdap(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    private static Optional<Path> program(String name) {
        return Stream.of("/usr/sbin/", "/usr/lib/openldap/", "/usr/libexec/")
                .map(at -> Path.of(at + name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Skips the test where there is none, or fails it where every tool has to be there. */
    static void require() {
        Tools.require(
                program("slapd").isPresent() && program("slapadd").isPresent(),
                "slapd is not installed; on Debian: apt-get install slapd");
    }

    /**
     * Starts one.
     *
     * @param folder is emptied
     * @param entries LDIF, below {@code dc=test}; the base and {@link #READER} are there
     */
    static OpenLdap start(Path folder, ServerCertificate certificate, String entries)
            throws IOException, GeneralSecurityException, InterruptedException {
        Folders.delete(folder);
        Files.createDirectories(folder.resolve("database"));
        OpenLdap server = new OpenLdap(folder, FreePort.next());
        Files.writeString(folder.resolve("slapd.conf"), server.configuration(), StandardCharsets.UTF_8);
        Files.writeString(
                folder.resolve("directory.ldif"), """
                dn: dc=test
                objectClass: domain
                dc: test

                dn: %s
                objectClass: organizationalRole
                objectClass: simpleSecurityObject
                cn: reader
                userPassword: %s

                dn: ou=people,dc=test
                objectClass: organizationalUnit
                ou: people

                """.formatted(READER, SECRET) + entries, StandardCharsets.UTF_8);
        server.show(certificate);
        Path log = folder.resolve("slapadd.log");
        Process load = new ProcessBuilder(
                        program("slapadd").orElseThrow().toString(), "-f", "slapd.conf", "-l", "directory.ldif")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!load.waitFor(START_SECONDS, TimeUnit.SECONDS) || load.exitValue() != 0) {
            load.destroyForcibly();
            throw new IOException("slapadd fails: " + Files.readString(log));
        }
        server.resume();
        return server;
    }

    /** An entry of a person. */
    static String person(String uid, String mail, String password, String... aliases) {
        StringBuilder entry = new StringBuilder("dn: uid=" + uid + ",ou=people,dc=test\nobjectClass: inetOrgPerson\n"
                + "objectClass: mailAccount\nuid: " + uid + "\ncn: " + uid + "\nsn: " + uid + "\nmail: " + mail
                + "\nuserPassword: " + password + "\n");
        for (String alias : aliases) {
            entry.append(ALIAS).append(": ").append(alias).append('\n');
        }
        return entry.append('\n').toString();
    }

    private String configuration() {
        Path modules = Stream.of(Path.of("/usr/lib/ldap"), Path.of("/usr/lib64/openldap"))
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow();
        return """
                include /etc/ldap/schema/core.schema
                include /etc/ldap/schema/cosine.schema
                include /etc/ldap/schema/inetorgperson.schema
                modulepath %s
                moduleload back_mdb
                attributetype ( 1.3.6.1.4.1.99999.1 NAME '%s' EQUALITY caseIgnoreIA5Match
                  SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
                objectclass ( 1.3.6.1.4.1.99999.2 NAME 'mailAccount' SUP top AUXILIARY MAY %s )
                pidfile %s/slapd.pid
                argsfile %s/slapd.args
                TLSCertificateFile %s/certificate.pem
                TLSCertificateKeyFile %s/key.pem
                database mdb
                suffix dc=test
                rootdn cn=manager,dc=test
                directory %s/database
                maxsize 16777216
                access to attrs=userPassword by anonymous auth by * none
                access to * by dn.exact="%s" read by anonymous auth by * none
                """.formatted(modules, ALIAS, ALIAS, folder, folder, folder, folder, folder, READER);
    }

    /** Shows this certificate from its next start on. */
    void show(ServerCertificate certificate) throws IOException, GeneralSecurityException {
        certificate.writePem(folder.resolve("certificate.pem"), folder.resolve("key.pem"));
    }

    /** Starts it again, on the same port. */
    void resume() throws IOException, InterruptedException {
        Path log = folder.resolve("slapd.log");
        process = new ProcessBuilder(
                        program("slapd").orElseThrow().toString(),
                        "-f",
                        "slapd.conf",
                        "-h",
                        "ldaps://127.0.0.1:" + port,
                        "-d",
                        "none")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                close();
                throw new IOException("slapd does not start: " + Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    int port() {
        return port;
    }

    /** Stops it; nothing answers at its port then. */
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
