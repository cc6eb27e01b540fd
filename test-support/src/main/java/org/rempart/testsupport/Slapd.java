/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * OpenLDAP's server on loopback, with LDAP and LDAPS, in a folder of its own. It holds {@code dc=test}, {@link #READER} and
 * an empty {@code ou=people,dc=test} besides what the test adds.
 */
public final class Slapd implements AutoCloseable {
    /** Who may search, and the password. */
    public static final String READER = "cn=reader,dc=test";

    public static final String SECRET = "reader's secret";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final int ldap;
    private final int ldaps;
    private ServerProcess process;

    private Slapd(Path folder, int ldap, int ldaps) {
        this.folder = folder;
        this.ldap = ldap;
        this.ldaps = ldaps;
    }

    /** Skips the test where there is none, or fails it where every tool has to be there. */
    public static void require() {
        Tools.require(program("slapd").isPresent(), "slapd is not installed; on Debian: apt-get install slapd");
    }

    private static Optional<Path> program(String name) {
        List<Path> places = List.of(Path.of("/usr/sbin"), Path.of("/usr/lib/openldap"), Path.of("/usr/libexec"));
        return Tools.folderWith(places, "slapd", "slapadd").map(at -> at.resolve(name));
    }

    /**
     * Starts one.
     *
     * @param folder is there, and empty
     * @param certificate what it shows; its key is RSA
     * @param schema lines of {@code slapd.conf} that go before the database
     * @param access lines of {@code slapd.conf} that go into the database: its overlays, and who may read what besides
     *     passwords
     * @param entries LDIF
     */
    public static Slapd start(
            Path folder, ServerCertificate certificate, List<String> schema, List<String> access, String entries)
            throws IOException, GeneralSecurityException, InterruptedException {
        Files.createDirectories(folder.resolve("database"));
        Slapd slapd = new Slapd(folder, FreePort.next(), FreePort.next());
        Files.writeString(folder.resolve("slapd.conf"), slapd.configuration(schema, access), StandardCharsets.UTF_8);
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
        slapd.show(certificate);
        ServerProcess.run(
                PATIENCE,
                folder,
                List.of(program("slapadd").orElseThrow().toString(), "-f", "slapd.conf", "-l", "directory.ldif"));
        slapd.resume();
        return slapd;
    }

    private String configuration(List<String> schema, List<String> access) {
        Path modules = Stream.of(Path.of("/usr/lib/ldap"), Path.of("/usr/lib64/openldap"))
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow();
        return """
                include /etc/ldap/schema/core.schema
                include /etc/ldap/schema/cosine.schema
                include /etc/ldap/schema/nis.schema
                include /etc/ldap/schema/inetorgperson.schema
                modulepath %s
                moduleload back_mdb
                %s
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
                %s
                """.formatted(
                modules, String.join("\n", schema), folder, folder, folder, folder, folder, String.join("\n", access));
    }

    /** Shows this certificate from its next start on. */
    public void show(ServerCertificate certificate) throws IOException, GeneralSecurityException {
        certificate.writePem(folder.resolve("certificate.pem"), folder.resolve("key.pem"));
    }

    /** Starts it again, on the same ports. */
    public void resume() throws IOException, InterruptedException {
        process = ServerProcess.start(
                List.of(
                        program("slapd").orElseThrow().toString(),
                        "-f",
                        "slapd.conf",
                        "-h",
                        "ldap://127.0.0.1:" + ldap + " ldaps://127.0.0.1:" + ldaps,
                        "-d",
                        "none"),
                folder,
                folder.resolve("slapd.log"));
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        process.awaitListening(
                PATIENCE, List.of(new InetSocketAddress(loopback, ldap), new InetSocketAddress(loopback, ldaps)));
    }

    /** Its port for LDAP, with StartTLS. */
    public int ldap() {
        return ldap;
    }

    /** Its port for LDAPS. */
    public int ldaps() {
        return ldaps;
    }

    /** Stops it; nothing answers at its ports then. */
    @Override
    public void close() {
        process.close();
    }
}
