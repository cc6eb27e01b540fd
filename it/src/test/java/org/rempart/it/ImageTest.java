/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.rempart.it.Image.Ended;
import org.rempart.it.contract.NeedsEngine;
import org.rempart.it.contract.OnlyIn;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;

@DisplayName("The container image is what docs/container.md says")
@Tag("container")
@OnlyIn(Way.CONTAINER)
@ExtendWith(NeedsEngine.class)
class ImageTest {
    private static final int CONFIGURATION_FAULT = 78;

    /** What Docker waits for by default, until it kills. */
    private static final int DOCKER_STOP_SECONDS = 10;

    /** Of a JVM that was ended by SIGTERM; 137 is that of one that was killed. */
    private static final long STOPPED = 143;

    private static HostConfig with(Bind... binds) {
        return Image.hardened(binds);
    }

    private static Path folder(String name) throws IOException {
        Path folder = Folders.servers().resolve("image").resolve(name);
        Folders.delete(folder);
        return Files.createDirectories(folder);
    }

    private static Bind conf(Path folder, AccessMode mode) {
        return ContainerDeployment.bind(folder, "conf", mode);
    }

    private static Bind volume(String name) {
        return new Bind(name, new Volume(Image.HOME + "/var"));
    }

    /** The certificate and key of the shared server. */
    private static Bind certificate() {
        return ContainerDeployment.bind(Trial.server().home().resolve("conf/tls"), "conf/tls", AccessMode.ro);
    }

    /** A server with the image's own configuration and all its ports, in a network of its own that leads nowhere. */
    private static String startAlone(Bind... binds) {
        return Image.start(
                with(binds).withNetworkMode("none").withExtraHosts("mail.internal:127.0.0.1"),
                create -> create.withHostName("mail.internal")
                        .withHealthcheck(new HealthCheck()
                                .withInterval(Duration.ofSeconds(5).toNanos())));
    }

    @Test
    void withACertificateItsOwnConfigurationStarts() throws Exception {
        String volume = "rempart-it-alone";
        String id = startAlone(certificate(), volume(volume));
        try {
            Image.awaitHealthy(id, Mails.PATIENCE);
            assertThat(Image.printed(id).out()).contains("The server listens");

            Ended status = Image.exec(id, "rempart", "status");
            assertThat(status.exitCode()).isZero();
            assertThat(status.out())
                    .contains("0.0.0.0:25\n", "0.0.0.0:587\n", "0.0.0.0:465\n", "0.0.0.0:143\n", "0.0.0.0:993\n");
            Ended doctor = Image.exec(id, "rempart", "doctor", "--skip", "dns");
            assertThat(doctor.out()).contains("ok       files").doesNotContain("fault ");
            assertThat(doctor.exitCode()).isZero();

            // Process 1 is the JVM itself, and nobody is root.
            assertThat(Image.exec(id, "cat", "/proc/1/comm").out()).isEqualTo("java\n");
            String uid = String.valueOf(Image.USER);
            assertThat(Image.exec(id, "cat", "/proc/1/status").out())
                    .contains("Uid:\t" + String.join("\t", uid, uid, uid, uid) + "\n");
            assertThat(Image.exec(id, "id", "-u").out()).isEqualTo(uid + "\n");

            // Nothing but the volume can be written to.
            for (String place : List.of("/", Image.HOME + "/", Image.HOME + "/conf/", Image.HOME + "/lib/", "/tmp/")) {
                Ended touch = Image.exec(id, "touch", place + "probe");
                assertThat(touch.exitCode()).as(place).isNotZero();
                assertThat(touch.err()).as(place).contains("Read-only file system");
            }
            assertThat(Image.exec(id, "touch", Image.HOME + "/var/probe").exitCode())
                    .isZero();

            assertThat(largestHeap(id)).isBetween(Image.MEMORY / 2, Image.MEMORY / 4 * 3);
        } finally {
            Image.remove(id);
            Image.removeVolume(volume);
        }
    }

    /** What the JVM makes of the options of the running server. */
    private static long largestHeap(String id) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("java"));
        Arrays.stream(Image.exec(id, "cat", "/proc/1/cmdline").out().split("\0"))
                .filter(option -> option.startsWith("-X"))
                .forEach(command::add);
        command.addAll(List.of("-XX:+PrintFlagsFinal", "-version"));
        Ended flags = Image.exec(id, command.toArray(String[]::new));
        Matcher heap = Pattern.compile(" MaxHeapSize += (\\d+)").matcher(flags.out());
        assertThat(heap.find()).as(flags.toString()).isTrue();
        return Long.parseLong(heap.group(1));
    }

    @Test
    void theImageSaysWhatItIs() {
        InspectImageResponse image =
                Image.engine().inspectImageCmd(Image.BUILT.get()).exec();
        ContainerConfig config = image.getConfig();
        assertThat(config.getUser()).isEqualTo(Image.USER + ":" + Image.USER);
        assertThat(config.getEntrypoint()).containsExactly(Image.HOME + "/bin/entrypoint");
        assertThat(config.getCmd()).containsExactly("run");
        assertThat(config.getHealthcheck().getTest()).containsExactly("CMD", Image.HOME + "/bin/rempart", "healthy");
        assertThat(config.getVolumes()).containsOnlyKeys(Image.HOME + "/var");
        assertThat(Arrays.stream(config.getExposedPorts()).map(Object::toString))
                .containsExactlyInAnyOrder("25/tcp", "587/tcp", "465/tcp", "143/tcp", "993/tcp");
        assertThat(config.getLabels())
                .containsEntry("org.opencontainers.image.title", "Rempart")
                .containsEntry("org.opencontainers.image.version", "it")
                .containsEntry("org.opencontainers.image.licenses", "Apache-2.0")
                .containsKeys("org.opencontainers.image.revision", "org.opencontainers.image.base.name");
    }

    @Test
    void nothingInTheImageIsASecretOrCanBeChangedByTheServer() throws Exception {
        String id = Image.engine().createContainerCmd(Image.BUILT.get()).exec().getId();
        int files = 0;
        try (InputStream in = Image.engine()
                        .copyArchiveFromContainerCmd(id, Image.HOME)
                        .exec();
                TarArchiveInputStream tar = new TarArchiveInputStream(in)) {
            TarArchiveEntry entry;
            while ((entry = (TarArchiveEntry) tar.getNextEntry()) != null) {
                String name = entry.getName();
                if (name.equals("rempart/var/")) {
                    assertThat(entry.getLongUserId()).as(name).isEqualTo(Image.USER);
                    assertThat(entry.getMode() & 0777).as(name).isEqualTo(0700);
                    continue;
                }
                assertThat(name).doesNotStartWith("rempart/var");
                assertThat(entry.getLongUserId()).as(name).isZero();
                assertThat(entry.getMode() & 022).as(name).isZero();
                if (entry.isFile() && !name.endsWith(".jar")) {
                    files++;
                    assertThat(name)
                            .doesNotEndWith(".pem")
                            .doesNotEndWith(".password")
                            .doesNotEndWith(".token");
                    assertThat(new String(tar.readAllBytes(), StandardCharsets.ISO_8859_1))
                            .as(name)
                            .doesNotContainPattern("(?m)^-----BEGIN [A-Z ]*PRIVATE KEY");
                }
            }
        } finally {
            Image.remove(id);
        }
        assertThat(files).isGreaterThan(20);
    }

    @Test
    void withoutACertificateItEnds() throws Exception {
        Ended ended = Image.run(with());
        assertThat(ended.exitCode()).isEqualTo(CONFIGURATION_FAULT);
        assertThat(ended.err())
                .contains("rempart: conf/tls/certificate.pem is missing; put the certificate")
                .doesNotContain("\tat ");
    }

    @Test
    void aFaultOfThePolicyEndsIt() throws Exception {
        Path conf = folder("fault");
        Folders.copy(Trial.server().home().resolve("conf"), conf);
        Path policy = conf.resolve("rempart.xml");
        Files.writeString(policy, Files.readString(policy).replace("preset=\"client\"", "preset=\"cleint\""));
        Image.own(conf);

        Ended ended = Image.run(with(conf(conf, AccessMode.ro)));
        assertThat(ended.exitCode()).isEqualTo(CONFIGURATION_FAULT);
        assertThat(ended.err())
                .containsPattern("(?m)^rempart: conf/rempart\\.xml:\\d+:\\d+: .*cleint")
                .doesNotContain("\tat ");
    }

    @Test
    void anEmptyConfigurationIsFilledAndWhatIsThereIsKept() throws Exception {
        Path conf = folder("fill");
        Files.writeString(conf.resolve("rempart.xml"), "<policy/>");
        Files.createDirectory(conf.resolve("tls"));
        Image.own(conf);

        Ended first = Image.run(with(conf(conf, AccessMode.rw)), "check-config");
        assertThat(first.err())
                .contains("conf was given the configuration that comes with the image")
                .contains("conf/tls/certificate.pem is missing");
        assertThat(conf.resolve("rempart.xml")).hasContent("<policy/>");
        assertThat(conf.resolve("jvm.options")).content().contains("-XX:MaxRAMPercentage=");
        assertThat(conf.resolve("overlays/ldap/usersrepository.xml")).exists();
        assertThat(Folders.list(conf)).noneMatch(file -> file.endsWith(".part"));

        // The second time it is the administrator's.
        Files.delete(conf.resolve("dnsservice.xml"));
        Ended second = Image.run(with(conf(conf, AccessMode.rw)), "check-config");
        assertThat(second.err()).doesNotContain("was given");
        assertThat(conf.resolve("dnsservice.xml")).doesNotExist();
    }

    @Test
    void anEmptyConfigurationThatCanNotBeFilledEndsIt() throws Exception {
        Path conf = folder("empty");
        Ended ended = Image.run(with(conf(conf, AccessMode.ro)));
        assertThat(ended.exitCode()).isEqualTo(CONFIGURATION_FAULT);
        assertThat(ended.err())
                .contains("/opt/rempart/conf holds no configuration")
                .contains("uid " + Image.USER);
    }

    @Test
    void aVolumeOfSomebodyElseEndsIt() throws Exception {
        Path var = folder("foreign");
        Files.setPosixFilePermissions(var, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        Ended ended = Image.run(with(certificate(), ContainerDeployment.bind(var, "var", AccessMode.rw)));
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err())
                .contains("rempart: /opt/rempart/var can't be written to by uid 10001")
                .contains("chown -R 10001")
                .doesNotContain("\tat ");
    }

    @Test
    void whatWasAcknowledgedBeforeAStopIsThereAfterTheNextStart() throws Exception {
        ContainerDeployment deployment = (ContainerDeployment) Trial.DEPLOYMENT;
        Endpoints shared = Trial.server();
        try (Variant server = new Variant("image-stop")) {
            server.start();
            server.addUser(shared.user2(), shared.password2());
            Set<String> acknowledged = ConcurrentHashMap.newKeySet();
            Thread sending = Mails.sending(server, shared.user2(), acknowledged);
            Awaitility.await("mail is taken").atMost(Mails.PATIENCE).until(() -> acknowledged.size() > 5);

            String id = deployment.container(server.home());
            // A message that never ends must not keep the server from its end.
            try (SmtpClient slow = SmtpClient.connect(server.smtp())) {
                slow.command("EHLO slow.example");
                slow.command("MAIL FROM:<slow@outside.example>");
                slow.command("RCPT TO:<" + shared.user2() + ">");
                slow.command("DATA");
                slow.write("Subject: half\r\n\r\nhalf a mess");
                Image.engine()
                        .stopContainerCmd(id)
                        .withTimeout(DOCKER_STOP_SECONDS)
                        .exec();
            }
            sending.join();
            String printed = Image.printed(id).out();
            assertThat(Image.state(id).getExitCodeLong()).as(printed).isEqualTo(STOPPED);
            assertThat(printed).contains("JAMES server stopped");

            deployment.stop(server.home());
            deployment.start(server.home());
            Awaitility.await("what was acknowledged")
                    .atMost(Mails.PATIENCE)
                    .untilAsserted(() -> assertThat(Mails.inbox(server, shared)).containsAll(acknowledged));

            // What a killed one left behind in the volume says nothing of the one that comes after it.
            Image.engine().killContainerCmd(deployment.container(server.home())).exec();
            assertThat(server.home().resolve("var/rempart.ready")).content().isEqualTo("1\n");
            Ended status = Image.run(
                    with(
                            conf(server.home().resolve("conf"), AccessMode.ro),
                            ContainerDeployment.bind(server.home().resolve("var"), "var", AccessMode.rw)),
                    "status");
            assertThat(status.out()).contains("The server is not running.");
            assertThat(status.exitCode()).isEqualTo(3);
        }
    }

    @Test
    void aBackupOfARunningContainerGoesIntoTheVolumeOfAnother() throws Exception {
        Path backups = folder("backups");
        Image.own(backups);
        Bind mounted = new Bind(backups.toString(), new Volume("/backups"));
        List<String> volumes = List.of("rempart-it-from", "rempart-it-into");
        String from = startAlone(certificate(), volume(volumes.get(0)), mounted);
        String into = "";
        try {
            Image.awaitHealthy(from, Mails.PATIENCE);
            assertThat(Image.exec(from, "rempart", "domains", "add", "backup.example")
                            .exitCode())
                    .isZero();
            Ended backup = Image.exec(from, "rempart", "backup", "/backups/mail.tar.gz");
            assertThat(backup.exitCode()).as(backup.toString()).isZero();
            Image.remove(from);

            Ended whole = Image.run(with(volume(volumes.get(1)), mounted), "restore", "/backups/mail.tar.gz");
            assertThat(whole.exitCode()).isEqualTo(1);
            assertThat(whole.err()).contains("conf/ can't be replaced").contains("--keep-conf");
            Ended restore =
                    Image.run(with(volume(volumes.get(1)), mounted), "restore", "--keep-conf", "/backups/mail.tar.gz");
            assertThat(restore.exitCode()).as(restore.toString()).isZero();

            into = startAlone(certificate(), volume(volumes.get(1)));
            Image.awaitHealthy(into, Mails.PATIENCE);
            assertThat(Image.exec(into, "rempart", "domains", "list").out()).contains("backup.example");
        } finally {
            Image.remove(from);
            if (!into.isEmpty()) {
                Image.remove(into);
            }
            volumes.forEach(Image::removeVolume);
        }
    }
}
