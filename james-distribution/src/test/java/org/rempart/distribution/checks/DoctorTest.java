/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Listener;
import org.rempart.distribution.home.TestHome;
import org.rempart.testsupport.RedisServer;

class DoctorTest {
    private static final Clock CLOCK = Clock.systemUTC();

    @TempDir
    Path folder;

    private TestHome test;
    private Home home;

    @BeforeEach
    void home() throws Exception {
        test = TestHome.in(folder);
        home = test.home();
    }

    private Patient patient() {
        return patient(CLOCK);
    }

    private Patient patient(Clock clock) {
        return new Patient(home, clock, Optional.empty(), path -> {
            throw new IOException("the server does not run");
        });
    }

    private static List<Finding> faults(List<Finding> findings) {
        return findings.stream()
                .filter(finding -> finding.level() == Level.FAULT)
                .toList();
    }

    private static void mode(Path file, String mode) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @Test
    void aCheckThatFailsIsAFindingAndHidesNoOther() throws Exception {
        Check broken = new Check() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public List<Finding> look(Patient patient) {
                throw new IllegalStateException("no such thing");
            }
        };
        Check unreadable = new Check() {
            @Override
            public String name() {
                return "unreadable";
            }

            @Override
            public List<Finding> look(Patient patient) throws FaultException {
                throw new FaultException("conf/x.xml:3: is not well-formed");
            }
        };

        List<Doctor.Report> reports =
                new Doctor(List.of(broken, unreadable, new ConfigurationCheck())).examine(patient());

        assertThat(reports).extracting(Doctor.Report::check).startsWith("broken", "unreadable", "configuration");
        assertThat(reports.get(0).finding().level()).isEqualTo(Level.FAULT);
        assertThat(reports.get(0).finding().what()).contains("no such thing");
        assertThat(reports.get(1).finding().what()).isEqualTo("conf/x.xml:3: is not well-formed");
    }

    @Test
    void aCheckCanBeLeftOut() {
        Doctor doctor = Doctor.complete();

        assertThat(doctor.names()).contains("dns", "files");
        assertThat(doctor.without(List.of("dns")).names()).doesNotContain("dns").contains("files");
    }

    // ---- java

    @Test
    void anOldJavaIsAFault() {
        assertThat(JavaCheck.version(11).level()).isEqualTo(Level.FAULT);
        assertThat(JavaCheck.version(17).level()).isEqualTo(Level.OK);
    }

    @Test
    void theHeapMustFitIntoTheMemory() {
        long memory = 4L << 30;

        assertThat(JavaCheck.heap("-Xms1g\n-Xmx1g\n", memory).level()).isEqualTo(Level.OK);
        assertThat(JavaCheck.heap("-Xmx3500m\n", memory).level()).isEqualTo(Level.WARNING);
        assertThat(JavaCheck.heap("# -Xmx1g\n-Xmx5g\n", memory).level()).isEqualTo(Level.FAULT);
        assertThat(JavaCheck.heap("-Xmx1g\n-Xmx8388608k", memory).level()).isEqualTo(Level.FAULT);
        assertThat(JavaCheck.heap("# -Xmx1g\n", memory).level()).isEqualTo(Level.WARNING);
        Finding share = JavaCheck.heap("-XX:MaxRAMPercentage=25\n", memory);
        assertThat(share.level()).isEqualTo(Level.OK);
        assertThat(share.toString()).contains("1.0 GiB of 4.0 GiB");
        assertThat(JavaCheck.heap("-XX:MaxRAMPercentage=90.5\n", memory).level())
                .isEqualTo(Level.WARNING);
        assertThat(JavaCheck.heap("-Xmx5g\n-XX:MaxRAMPercentage=25\n", memory).level())
                .isEqualTo(Level.FAULT);
    }

    // ---- clock

    @Test
    void aYearOutOfReachIsAFault() throws Exception {
        for (String instant : List.of("1970-01-02T00:00:00Z", "2106-02-07T00:00:00Z")) {
            assertThat(faults(new ClockCheck().look(patient(Clock.fixed(Instant.parse(instant), ZoneOffset.UTC)))))
                    .as(instant)
                    .hasSize(1);
        }
        assertThat(new ClockCheck().look(patient())).extracting(Finding::level).containsExactly(Level.OK);
    }

    @Test
    void aFileFromTheFutureTellsOfAClockThatWasSetBack() throws Exception {
        Path log = Files.writeString(home.var("log/server.log"), "");
        Files.setLastModifiedTime(log, FileTime.from(CLOCK.instant().plus(2, ChronoUnit.HOURS)));

        assertThat(new ClockCheck().look(patient())).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.WARNING);
            assertThat(finding.what()).contains("var/log/server.log");
        });
    }

    // ---- configuration

    @Test
    void aFaultOfTheConfigurationIsTold() throws Exception {
        test.replace("rempart.xml", "<clients>required", "<clients>sometimes");

        assertThat(faults(new ConfigurationCheck().look(patient())))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).startsWith("conf/rempart.xml:"));
    }

    // ---- files

    private void closedHome() throws IOException {
        mode(home.conf("tls/private-key.pem"), "rw-------");
        mode(home.conf(""), "rwxr-xr-x");
    }

    @Test
    void aHomeInOrderHasNoFinding() throws Exception {
        closedHome();

        assertThat(new FilesCheck().look(patient())).extracting(Finding::level).containsExactly(Level.OK);
    }

    @Test
    void aKeyThatOthersReadIsAFault() throws Exception {
        closedHome();
        mode(home.conf("tls/private-key.pem"), "rw-r--r--");

        assertThat(faults(new FilesCheck().look(patient()))).singleElement().satisfies(finding -> {
            assertThat(finding.what()).startsWith("conf/tls/private-key.pem holds a secret");
            assertThat(finding.advice()).isEqualTo("chmod o= conf/tls/private-key.pem");
        });
    }

    @Test
    void aKeyThatSignsMailIsASecretToo() throws Exception {
        closedHome();
        Path key = Files.createDirectories(home.conf("dkim")).resolve("s1.ours.example.pem");
        Files.writeString(key, "a key");
        mode(key, "rw-r--r--");

        assertThat(faults(new FilesCheck().look(patient())))
                .singleElement()
                .satisfies(finding -> assertThat(finding.advice()).isEqualTo("chmod o= conf/dkim/s1.ours.example.pem"));
    }

    @Test
    void aPasswordInASettingsFileIsASecretToo() throws Exception {
        closedHome();
        Path settings = home.conf("james-database.properties");
        Files.writeString(settings, "database.url=jdbc:postgresql://127.0.0.1/mail\n#database.password=\n");
        mode(settings, "rw-r--r--");
        assertThat(faults(new FilesCheck().look(patient()))).isEmpty();

        Files.writeString(settings, "database.password=geheim\n");
        assertThat(faults(new FilesCheck().look(patient()))).hasSize(1);
    }

    @Test
    void mailThatOthersReachIsAFault() throws Exception {
        closedHome();
        mode(Files.createDirectories(home.var("blobs")), "rwxr-xr-x");

        assertThat(faults(new FilesCheck().look(patient())))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).startsWith("var/blobs/ holds mail"));
    }

    @Test
    void aConfigurationThatOthersChangeIsAFault() throws Exception {
        closedHome();
        mode(home.conf("smtpserver.xml"), "rw-rw-rw-");

        assertThat(faults(new FilesCheck().look(patient())))
                .singleElement()
                .satisfies(finding -> assertThat(finding.what()).startsWith("conf/smtpserver.xml can be changed"));
    }

    // ---- disk, descriptors

    @Test
    void roomIsMeasuredByTheLargestMessage() {
        long largest = 25L << 20;

        assertThat(DiskCheck.bytes(100 * largest, largest).level()).isEqualTo(Level.OK);
        assertThat(DiskCheck.bytes(100 * largest - 1, largest).level()).isEqualTo(Level.WARNING);
        assertThat(DiskCheck.bytes(10 * largest - 1, largest).level()).isEqualTo(Level.FAULT);
        assertThat(DiskCheck.inodes(4_999).level()).isEqualTo(Level.FAULT);
        assertThat(DiskCheck.inodes(49_999).level()).isEqualTo(Level.WARNING);
        assertThat(DiskCheck.inodes(50_000).level()).isEqualTo(Level.OK);
    }

    @Test
    void theLimitOfOpenFilesMustSufficeForAllConnections() {
        String limits = """
                Limit                     Soft Limit           Hard Limit           Units
                Max open files            %s                 1048576              files
                """;

        assertThat(DescriptorsCheck.judge(limits.formatted("65536"), 3500).level())
                .isEqualTo(Level.OK);
        assertThat(DescriptorsCheck.judge(limits.formatted("unlimited"), 3500).level())
                .isEqualTo(Level.OK);
        assertThat(DescriptorsCheck.judge(limits.formatted("4096"), 3500).level())
                .isEqualTo(Level.WARNING);
        assertThat(DescriptorsCheck.judge(limits.formatted("256"), 3500).level())
                .isEqualTo(Level.FAULT);
    }

    @Test
    void theSettingsOfTheMailListenersAreRead() throws Exception {
        MailSettings settings = MailSettings.of(home);

        assertThat(settings.publicNames()).containsExactly("mail.example.com");
        assertThat(settings.largestMessage()).isEqualTo(25L << 20);
        assertThat(DescriptorsCheck.connections(Listener.of(home))).isGreaterThan(1000);
        assertThat(settings.tlsPorts()).hasSize(2);
    }

    @Test
    void aServerThatDoesNotRunIsNotedAndItsPortsAreTried() throws Exception {
        assertThat(new ListenersCheck().look(patient()))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.WARNING);
    }

    // ---- queue

    private List<Finding> queues(String counts) throws Exception {
        return new QueueCheck()
                .look(new Patient(
                        home,
                        Clock.fixed(Instant.parse("2026-11-25T12:00:00Z"), ZoneOffset.UTC),
                        Optional.of(ProcessHandle.current()),
                        path -> new com.fasterxml.jackson.databind.ObjectMapper().readTree(counts)));
    }

    @Test
    void mailThatNeedsSomebodyIsTold() throws Exception {
        assertThat(queues("[{\"place\":\"spool\",\"kind\":\"queue\",\"mails\":3,\"held\":0,"
                        + "\"oldest\":\"2026-11-25T11:00:00Z\"}]"))
                .containsExactly(Finding.ok("3 mails are queued"));
        assertThat(queues("[{\"place\":\"outgoing\",\"kind\":\"queue\",\"mails\":3,\"held\":2,"
                        + "\"oldest\":\"2026-11-25T07:00:00Z\"},{\"place\":\"stored://var/mail/error\","
                        + "\"kind\":\"repository\",\"mails\":1,\"held\":0,\"oldest\":\"2026-11-25T11:00:00Z\"}]"))
                .extracting(Finding::what)
                .containsExactly(
                        "2 mails are held in outgoing",
                        "outgoing holds mail for more than 4 hours",
                        "1 mails that could not go on lie in stored://var/mail/error",
                        "3 mails are queued");
    }

    @Test
    void aServerWithoutASharedStoreIsAlone() throws Exception {
        assertThat(new SharedStoreCheck().look(patient()))
                .singleElement()
                .satisfies(finding -> assertThat(finding.level()).isEqualTo(Level.OK))
                .extracting(Finding::what)
                .asString()
                .contains("this server is alone");
    }

    @Test
    void theSharedStoreIsLookedAt() throws Exception {
        RedisServer.require();
        try (RedisServer redis = RedisServer.start(folder.resolve("redis"))) {
            test.write(
                    "rempart.xml",
                    "<policy><shared store='redis://127.0.0.1:" + redis.port()
                            + "' password='conf/redis.password'/></policy>");
            test.write("redis.password", RedisServer.PASSWORD + "\n");
            assertThat(new SharedStoreCheck().look(patient())).singleElement().satisfies(finding -> {
                assertThat(finding.level()).isEqualTo(Level.WARNING);
                assertThat(finding.what()).contains("appendonly yes");
            });
            redis.cli("CONFIG", "SET", "appendonly", "yes");
            assertThat(new SharedStoreCheck().look(patient()))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.level()).isEqualTo(Level.OK));
            redis.kill();
            assertThat(new SharedStoreCheck().look(patient())).singleElement().satisfies(finding -> {
                assertThat(finding.level()).isEqualTo(Level.FAULT);
                assertThat(finding.what()).contains("is away (", "accounts can't send");
                assertThat(finding.advice()).contains("<shared store=");
            });
        }
    }
}
