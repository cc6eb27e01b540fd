/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.harden.cli.Command;

@DisplayName("The commands of the jar")
class CommandTest {
    @TempDir
    private Path conf;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private Map<String, byte[]> before;

    @BeforeEach
    void copy() throws IOException {
        before = Samples.read(Samples.stock());
        for (Map.Entry<String, byte[]> file : before.entrySet()) {
            Files.write(conf.resolve(file.getKey()), file.getValue());
        }
    }

    private int run(String... arguments) {
        out.reset();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Command(stream, stream, Duration.ZERO).run(arguments);
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String lastLine() {
        return printed().lines().reduce("", (first, last) -> last);
    }

    private void assertSame(Map<String, byte[]> files) throws IOException {
        assertThat(Samples.read(conf).keySet()).isEqualTo(files.keySet());
        files.forEach((name, bytes) -> assertThat(conf.resolve(name)).hasBinaryContent(bytes));
    }

    @Test
    void hardenShowsADiffWithReasonsAndChangesNothing() throws Exception {
        assertThat(run("harden", conf.toString())).isZero();

        assertThat(printed())
                .contains("--- smtpserver.xml\n+++ smtpserver.xml\n# ", "--- /dev/null\n+++ rempart.xml\n")
                .contains("<authorizedAddresses>127.0.0.0/8: anyone who has such an address relays without a login");
        assertThat(lastLine()).startsWith("Nothing is changed yet; --apply changes ");
        assertSame(before);
    }

    @Test
    void applyKeepsTheFilesAsTheyWereAndUndoBringsBackEveryByte() throws Exception {
        assertThat(run("harden", conf.toString(), "--apply")).isZero();
        assertThat(conf.resolve("before-rempart/smtpserver.xml")).hasBinaryContent(before.get("smtpserver.xml"));
        assertThat(conf.resolve("rempart.xml")).exists();

        assertThat(run("harden", conf.toString(), "--undo")).isZero();

        assertSame(before);
        assertThat(conf.resolve("before-rempart")).doesNotExist();
    }

    @Test
    void undoBringsBackTheFirstStateAfterSeveralRunsAndKeepsWhatWasChangedBetween() throws Exception {
        run("harden", conf.toString(), "--apply");
        String edited = Files.readString(conf.resolve("smtpserver.xml"))
                .replace("org.rempart.smtp.MxHandlers", "org.apache.james.smtpserver.CoreCmdHandlerLoader");
        Files.writeString(conf.resolve("smtpserver.xml"), edited);
        Files.writeString(conf.resolve("rempart.xml"), "<policy/>");
        run("harden", conf.toString(), "--apply");

        assertThat(run("harden", conf.toString(), "--undo")).isZero();

        assertSame(before);
        assertThat(conf.resolve("changed-after-rempart/rempart.xml")).hasContent("<policy/>");
    }

    @Test
    void permissionsAndLinksStay(@TempDir Path elsewhere) throws Exception {
        Path real = elsewhere.resolve("mailetcontainer.xml");
        Files.move(conf.resolve("mailetcontainer.xml"), real);
        Files.createSymbolicLink(conf.resolve("mailetcontainer.xml"), real);
        Files.setPosixFilePermissions(conf.resolve("smtpserver.xml"), PosixFilePermissions.fromString("rw-r-----"));

        run("harden", conf.toString(), "--apply");

        assertThat(conf.resolve("mailetcontainer.xml")).isSymbolicLink();
        assertThat(real).content().contains("SecureRemoteDelivery");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(conf.resolve("smtpserver.xml"))))
                .isEqualTo("rw-r-----");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(conf.resolve("before-rempart/smtpserver.xml"))))
                .isEqualTo("rw-r-----");
    }

    @Test
    void whatCantBeWrittenChangesNothing() throws Exception {
        // The last file that is written is in a folder's place.
        Files.createDirectory(conf.resolve(".mailetcontainer.xml.rempart-new"));
        Files.createFile(conf.resolve(".mailetcontainer.xml.rempart-new/x"));

        assertThat(run("harden", conf.toString(), "--apply")).isEqualTo(78);

        assertThat(lastLine()).startsWith("Not done, since a file can't be written: ");
        assertSame(before);
        assertThat(conf.resolve("before-rempart")).doesNotExist();
    }

    @Test
    void checkSaysWhatIsOpenInAJamesWithoutRempart() throws Exception {
        Files.writeString(conf.resolve("jmx.properties"), "jmx.enabled=true\njmx.address=0.0.0.0\n");
        Files.writeString(conf.resolve("webadmin.properties"), "enabled=true\nport=8000\nhost=0.0.0.0\n");
        listener("pop3server", "0.0.0.0:110");
        listener("managesieveserver", "0.0.0.0:4190");
        listener("lmtpserver", "127.0.0.1:24,0.0.0.0:24");
        Files.writeString(conf.resolve("jmap.properties"), "enabled=true\n");

        assertThat(run("check", conf.toString())).isEqualTo(1);

        assertThat(printed().lines())
                .anyMatch(line -> line.matches("smtpserver.xml:\\d+: <authorizedAddresses>127.0.0.0/8: .*"))
                .anyMatch(line -> line.matches("smtpserver.xml:\\d+: .*passwords are taken in clear text.*"))
                .anyMatch(line -> line.startsWith("jmx.properties:2: "))
                .anyMatch(line -> line.startsWith("webadmin.properties:3: "))
                .anyMatch(line -> line.matches("pop3server.xml:3: POP3 .*"))
                .anyMatch(line -> line.matches("managesieveserver.xml:\\d+: ManageSieve .*"))
                .anyMatch(line -> line.matches("lmtpserver.xml:\\d+: LMTP .*"))
                .anyMatch(line -> line.startsWith("jmap.properties:1: JMAP "));
    }

    private void listener(String name, String bind) throws IOException {
        Files.writeString(
                conf.resolve(name + ".xml"),
                "<" + name + "s>\n<" + name + " enabled=\"true\">\n<bind>" + bind + "</bind>\n</" + name + ">\n</"
                        + name + "s>\n");
    }

    @Test
    void checkIsFineWhenAllIsThere() throws Exception {
        String host = "mail.our.example";
        assertThat(run("harden", conf.toString(), "--host", host, "--apply")).isZero();
        String container = Files.readString(conf.resolve("mailetcontainer.xml"));
        Files.writeString(
                conf.resolve("mailetcontainer.xml"),
                container.replaceAll(
                        "<postmaster>[^<]*</postmaster>", "<postmaster>postmaster@our.example</postmaster>"));
        Files.writeString(conf.resolve("jmap.properties"), "enabled=false\n");
        assertThat(container).contains("<heloName>" + host + "</heloName>").doesNotContain("mail.example.com");

        int code = run("check", conf.toString());

        assertThat(printed()).isEqualTo("Nothing is missing, void or open.\n");
        assertThat(code).isZero();
    }

    @Test
    void whatIsNoXmlIsSaidWithItsLine() throws Exception {
        Files.writeString(conf.resolve("smtpserver.xml"), "<smtpservers>\n<smtpserver>\n</smtpservers>\n");

        assertThat(run("harden", conf.toString(), "--apply")).isEqualTo(78);

        assertThat(lastLine()).startsWith("smtpserver.xml:3: not well-formed XML: ");
    }

    @Test
    void aDoctypeIsNotFollowed() throws Exception {
        Files.writeString(
                conf.resolve("smtpserver.xml"),
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<smtpservers>&x;</smtpservers>\n");

        assertThat(run("check", conf.toString())).isEqualTo(78);

        assertThat(lastLine()).startsWith("smtpserver.xml:1: a DOCTYPE ");
    }

    @Test
    void whatIsNoCommandIsTold() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("harden")).isEqualTo(2);
        assertThat(run("check", conf.toString(), "--apply")).isEqualTo(2);
        assertThat(run("harden", conf.toString(), "--apply", "--undo")).isEqualTo(2);
        assertThat(run("harden", conf.toString(), "--host", "not a host")).isEqualTo(2);
        assertThat(lastLine()).contains("--host not a host");
    }

    @Test
    void whatIsNoFolderOfJamesIsTold() {
        assertThat(run("harden", conf.resolve("nowhere").toString())).isEqualTo(78);
        assertThat(lastLine()).contains("there is no such folder");
        assertThat(run("harden", conf.toString(), "--undo")).isEqualTo(78);
        assertThat(lastLine()).contains("nothing to bring back");
    }

    private List<String> orders(String ledger) throws IOException {
        try (var files = Files.list(conf.resolve("var/accounts/orders").resolve(ledger))) {
            return files.map(file -> {
                        try {
                            return Files.readString(file);
                        } catch (IOException unreadable) {
                            throw new UncheckedIOException(unreadable);
                        }
                    })
                    .collect(Collectors.toList());
        }
    }

    @Test
    void accountsAreReleasedAndHeldByOrdersThatTheServerLooksFor() throws Exception {
        for (String ledger : List.of("holds", "logins", "signs")) {
            Files.createDirectories(conf.resolve("var/accounts/orders").resolve(ledger));
        }
        assertThat(run("accounts", "release", "alice@example.com", "--folder", conf.toString()))
                .isZero();
        assertThat(lastLine())
                .isEqualTo(
                        "alice@example.com may send again as soon as the server starts, or is asked about an account.");
        for (String ledger : List.of("holds", "logins", "signs")) {
            assertThat(orders(ledger)).containsExactly("release alice@example.com\n");
        }
        assertThat(run("accounts", "hold", "bob@example.com", "his password is known", "--folder", conf.toString()))
                .isZero();
        assertThat(orders("holds")).contains("hold bob@example.com his password is known\n");
    }

    @Test
    void accountsOfNoServerAreNone() {
        assertThat(run("accounts", "release", "alice@example.com", "--folder", conf.toString()))
                .isEqualTo(Command.UNREADABLE);
        assertThat(lastLine()).contains("--folder is the folder that James runs in");
        assertThat(run("accounts", "release")).isEqualTo(Command.USAGE);
        assertThat(run("accounts", "release", "a b")).isEqualTo(Command.USAGE);
        assertThat(run("accounts", "delete", "alice@example.com")).isEqualTo(Command.USAGE);
    }

    @Test
    void delayedMailIsChangedByOrdersThatTheServerLooksFor() throws Exception {
        Path orders = Files.createDirectories(conf.resolve("var/delayed/outgoing-2"));

        assertThat(run("queue", "hold", "Mail1.a", "--queue", "outgoing-2", "--folder", conf.toString()))
                .isZero();
        assertThat(lastLine()).isEqualTo("It is done as soon as the server starts.");
        assertThat(run("queue", "flush", "--all", "--queue", "outgoing-2", "--folder", conf.toString()))
                .isZero();
        try (var files = Files.list(orders)) {
            assertThat(files).extracting(Files::readString).containsExactlyInAnyOrder("hold Mail1.a\n", "flush *\n");
        }
        assertThat(run("queue", "hold", "Mail1.a", "--folder", conf.toString())).isEqualTo(Command.UNREADABLE);
        assertThat(run("queue", "burn", "Mail1.a")).isEqualTo(Command.USAGE);
        assertThat(run("queue", "hold")).isEqualTo(Command.USAGE);
    }
}
