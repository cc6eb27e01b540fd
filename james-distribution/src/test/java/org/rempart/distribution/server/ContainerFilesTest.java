/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.StartChecks;
import org.rempart.distribution.home.TestHome;

/** The files that the container image is made of and run with, as far as that shows without an engine. */
class ContainerFilesTest {
    private static final Path CONF = Path.of("../conf/src/main/conf");
    private static final Pattern BIND = Pattern.compile("<bind>0\\.0\\.0\\.0:(\\d+)</bind>");
    private static final String HOME = "/opt/rempart";

    /** The ports that the shipped configuration listens on, beside the administration interface. */
    private static Set<String> ports() throws Exception {
        Set<String> ports = new TreeSet<>();
        for (String file : List.of("smtpserver.xml", "imapserver.xml")) {
            Matcher binds = BIND.matcher(Files.readString(CONF.resolve(file)));
            while (binds.find()) {
                ports.add(binds.group(1));
            }
        }
        return ports;
    }

    /** The lines that say something. */
    private static List<String> settings(String file) throws Exception {
        return Files.readAllLines(CONF.resolve(file)).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    private static JsonNode service(String file) throws Exception {
        JsonNode services = new YAMLMapper().readTree(Path.of(file).toFile()).path("services");
        assertThat(services.fieldNames()).toIterable().containsExactly("rempart");
        return services.path("rempart");
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    @Test
    void theOverlayChangesTheMemoryAlone() throws Exception {
        List<String> packaged = new ArrayList<>(settings("jvm.options"));
        assertThat(packaged.removeIf(option -> option.matches("-Xm[sx].*"))).isTrue();
        List<String> container = new ArrayList<>(settings("overlays/container/jvm.options"));
        assertThat(container.removeIf(option -> option.contains("RAMPercentage=")))
                .isTrue();

        assertThat(container).isEqualTo(packaged);
    }

    @Test
    void theOverlayLogsToTheConsoleToo() throws Exception {
        String packaged = Files.readString(CONF.resolve("logback.xml")).replaceAll("(?s)<!-- .*? -->\\s*", "");
        String container =
                Files.readString(CONF.resolve("overlays/container/logback.xml")).replaceAll("(?s)<!-- .*? -->\\s*", "");
        assertThat(container)
                .contains("ch.qos.logback.core.ConsoleAppender")
                .contains("<appender-ref ref=\"CONSOLE\"/>");

        assertThat(container
                        .replaceAll("(?s)\\s*<appender name=\"CONSOLE\".*?</appender>", "")
                        .replaceAll("\\s*<appender-ref ref=\"CONSOLE\"/>", ""))
                .isEqualTo(packaged);
        // One form of a line, in both places.
        Matcher patterns = Pattern.compile("<pattern>(%d.*)</pattern>").matcher(container);
        Set<String> forms = new TreeSet<>();
        while (patterns.find()) {
            forms.add(patterns.group(1));
        }
        assertThat(forms).hasSize(1);
    }

    @Test
    void theImageHasThePortsOfTheConfiguration() throws Exception {
        Matcher exposed = Pattern.compile("(?m)^EXPOSE (.*)$").matcher(Files.readString(Path.of("Dockerfile")));
        assertThat(exposed.find()).isTrue();
        assertThat(exposed.group(1).split(" ")).containsExactlyInAnyOrderElementsOf(ports());
    }

    @Test
    void theImageStartsNoShell() throws Exception {
        assertThat(Files.readAllLines(Path.of("Dockerfile")))
                .contains("ENTRYPOINT [\"" + HOME + "/bin/entrypoint\"]", "CMD [\"run\"]", "STOPSIGNAL SIGTERM");
        assertThat(Files.readAllLines(Path.of("src/main/container/entrypoint")))
                .endsWith("exec \"$home/bin/rempart\" \"$@\"");
        assertThat(Path.of("src/main/container/entrypoint")).isExecutable();
    }

    @Test
    void composeRunsItAsTheDocumentSays() throws Exception {
        JsonNode service = service("docker-compose.yml");
        assertThat(service.path("read_only").asBoolean()).isTrue();
        assertThat(texts(service.path("cap_drop"))).containsExactly("ALL");
        assertThat(texts(service.path("security_opt"))).containsExactly("no-new-privileges:true");
        assertThat(service.path("mem_limit").asText()).isNotEmpty();
        assertThat(texts(service.path("ports")))
                .containsExactlyInAnyOrderElementsOf(
                        ports().stream().map(port -> port + ":" + port).toList());
        assertThat(texts(service.path("volumes")))
                .containsExactlyInAnyOrder(
                        "./conf:" + HOME + "/conf:ro", "./tls:" + HOME + "/conf/tls:ro", "var:" + HOME + "/var");
        JsonNode named = new YAMLMapper()
                .readTree(Path.of("docker-compose.yml").toFile())
                .path("volumes");
        assertThat(named.fieldNames()).toIterable().containsExactly("var");
        JsonNode build = service.path("build");
        assertThat(Path.of(build.path("context").asText(), "Dockerfile")).exists();
        String dockerfile = Files.readString(Path.of("Dockerfile"));
        assertThat(build.path("args").fieldNames())
                .toIterable()
                .isNotEmpty()
                .allMatch(argument -> Pattern.compile("(?m)^ARG " + argument + "\\b")
                        .matcher(dockerfile)
                        .find());
    }

    @Test
    void theFilterOverlayNamesWhatItRuns(@TempDir Path folder) throws Exception {
        JsonNode services = new YAMLMapper()
                .readTree(Path.of("docker-compose.filter.yml").toFile())
                .path("services");
        assertThat(texts(services.path("rempart").path("depends_on"))).containsExactly("rspamd", "clamav");
        for (String mount : texts(services.path("rspamd").path("volumes"))) {
            if (mount.startsWith("./conf/")) {
                assertThat(CONF.resolve(mount.split(":", 2)[0].substring("./conf/".length())))
                        .exists();
            }
        }
        String overlay = Files.readString(CONF.resolve("overlays/filter/rempart.xml"));
        TestHome home = TestHome.in(folder);
        home.write("rempart.xml", overlay);
        assertThat(new StartChecks(home.home(), Clock.systemUTC())
                        .configuration()
                        .faults())
                .isEmpty();
        Matcher port = Pattern.compile("MilterSocket inet:(\\d+)@")
                .matcher(Files.readString(CONF.resolve("overlays/filter/clamav-milter.conf")));
        assertThat(port.find()).isTrue();
        assertThat(overlay).contains("at=\"milter://127.0.0.1:" + port.group(1) + "\"");
    }

    @Test
    void theDirectoryOverlayMountsWhatTheServerReads(@TempDir Path folder) throws Exception {
        Path file = Path.of("docker-compose.ldap.yml");
        JsonNode service = service(file.toString());
        List<String> volumes = texts(service.path("volumes"));
        assertThat(volumes).hasSize(1);
        String[] mount = volumes.get(0).split(":");
        assertThat(mount[1]).isEqualTo(HOME + "/conf/usersrepository.xml");
        String secret = texts(service.path("secrets")).get(0);
        assertThat(new YAMLMapper()
                        .readTree(file.toFile())
                        .path("secrets")
                        .path(secret)
                        .path("file")
                        .asText())
                .startsWith("./directory/");

        // The overlay of the configuration, with the password where the secret comes to lie.
        String text = Files.readString(file);
        Matcher password = Pattern.compile("<bindPasswordFile>(/run/secrets/(\\S+))</bindPasswordFile>")
                .matcher(text);
        assertThat(password.find()).isTrue();
        assertThat(password.group(2)).isEqualTo(secret);
        TestHome home = TestHome.in(folder);
        Path elsewhere = Files.writeString(folder.resolve(secret), "secret\n");
        home.write(
                "usersrepository.xml",
                Files.readString(CONF.resolve("overlays/ldap/usersrepository.xml"))
                        .replace("<bindPasswordFile>conf/directory.password<", "<bindPasswordFile>" + elsewhere + "<"));
        assertThat(new StartChecks(home.home(), Clock.systemUTC())
                        .configuration()
                        .faults())
                .isEmpty();
        Files.delete(elsewhere);
        assertThat(new StartChecks(home.home(), Clock.systemUTC())
                        .configuration()
                        .faults())
                .anyMatch(fault -> fault.contains(elsewhere.toString()));
        assertThat(Arrays.asList(mount)).contains("ro");
    }
}
