/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.tls.TlsLevel;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The configuration that is shipped. */
class ConfigurationTest {
    private static final Path CONF = Path.of("../conf/src/main/conf");

    static List<Path> xmlFiles() throws Exception {
        try (Stream<Path> files = Files.walk(CONF)) {
            return files.filter(file -> file.toString().endsWith(".xml")).collect(Collectors.toList());
        }
    }

    private static Document parse(Path file) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile());
    }

    private static List<Element> elements(String file, String name) throws Exception {
        NodeList found = parse(CONF.resolve(file)).getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }

    private static List<Element> inside(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }

    private static String text(Element parent, String name) {
        List<Element> found = inside(parent, name);
        return found.isEmpty() ? "" : found.get(0).getTextContent().trim();
    }

    /** As James resolves names without a package. */
    private static Class<?> load(String name, String defaultPackage) throws ClassNotFoundException {
        String full = name.contains(".") ? name : defaultPackage + name;
        return Class.forName(full, false, ConfigurationTest.class.getClassLoader());
    }

    @ParameterizedTest
    @MethodSource("xmlFiles")
    void everyFileIsWellFormed(Path file) throws Exception {
        assertThat(parse(file).getDocumentElement()).isNotNull();
    }

    @Test
    void everySmtpHandlerIsThere() throws Exception {
        Set<String> missing = new TreeSet<>();
        for (Element handler : elements("smtpserver.xml", "handler")) {
            String name = handler.getAttribute("class");
            try {
                load(name, "");
            } catch (ClassNotFoundException absent) {
                missing.add(name);
            }
        }
        for (Element chain : elements("smtpserver.xml", "handlerchain")) {
            load(chain.getAttribute("coreHandlersPackage"), "");
        }

        assertThat(missing).isEmpty();
    }

    @Test
    void everyMailetAndMatcherIsThere() throws Exception {
        Set<String> missing = new TreeSet<>();
        for (Element mailet : elements("mailetcontainer.xml", "mailet")) {
            String matcher = mailet.getAttribute("match").replaceFirst("=.*", "");
            try {
                load(mailet.getAttribute("class"), "org.apache.james.transport.mailets.");
                load(matcher, "org.apache.james.transport.matchers.");
            } catch (ClassNotFoundException absent) {
                missing.add(mailet.getAttribute("match") + " / " + mailet.getAttribute("class"));
            }
        }

        assertThat(missing).isEmpty();
    }

    @Test
    void everyProcessorThatIsNamedIsThere() throws Exception {
        Set<String> there = elements("mailetcontainer.xml", "processor").stream()
                .map(processor -> processor.getAttribute("state"))
                .filter(state -> !state.isEmpty())
                .collect(Collectors.toSet());
        Set<String> named = new TreeSet<>();
        for (Element mailet : elements("mailetcontainer.xml", "mailet")) {
            named.add(text(mailet, "bounceProcessor"));
            named.add(text(mailet, "errorProcessor"));
            named.add(text(mailet, "processor"));
        }
        named.remove("");

        assertThat(named).isNotEmpty().isSubsetOf(there);
        assertThat(there).contains("root", "error");
    }

    @Test
    void nothingIsDestroyed() throws Exception {
        assertThat(elements("mailetcontainer.xml", "mailet"))
                .extracting(mailet -> mailet.getAttribute("class"))
                .doesNotContain("Null");
    }

    @Test
    void allRemoteMailLeavesByTheOneDeliveryThatKnowsThePolicy() throws Exception {
        List<Element> deliveries = elements("mailetcontainer.xml", "mailet").stream()
                .filter(mailet -> mailet.getAttribute("class").endsWith("RemoteDelivery"))
                .collect(Collectors.toList());

        assertThat(deliveries).singleElement().satisfies(delivery -> {
            assertThat(delivery.getAttribute("class")).isEqualTo("org.rempart.mailet.SecureRemoteDelivery");
            assertThat(delivery.getAttribute("match")).isEqualTo("All");
            assertThat(text(delivery, "tls")).isEmpty();
        });
    }

    @Test
    void theSecondGateStaysShutWhenItCannotDecide() throws Exception {
        Element gate = elements("mailetcontainer.xml", "mailet").stream()
                .filter(mailet -> mailet.getAttribute("match").endsWith(".RelayDenied"))
                .findFirst()
                .orElseThrow();

        assertThat(text(gate, "onMatchException")).isEqualTo("matchall");
    }

    @Test
    void everyListenerUsesTheGates() throws Exception {
        assertThat(elements("smtpserver.xml", "smtpserver")).hasSize(3).allSatisfy(listener -> {
            String handlers = text(listener, "jmxName").equals("mx") ? "MxHandlers" : "SubmissionHandlers";
            assertThat(inside(listener, "handlerchain")).singleElement().satisfies(chain -> {
                assertThat(chain.getAttribute("coreHandlersPackage")).isEqualTo("org.rempart.smtp." + handlers);
                assertThat(inside(chain, "handler")).isEmpty();
            });
        });
    }

    @Test
    void thePolicyIsReadWithoutAWarningAndIsTheDefault() throws Exception {
        Policy policy = PolicyFile.read(CONF.resolve("rempart.xml"));

        assertThat(policy.warnings()).isEmpty();
        assertThat(policy.tls().protocols()).containsExactly("TLSv1.3", "TLSv1.2");
        assertThat(policy.tls().usedLevels()).containsExactly(TlsLevel.OPPORTUNISTIC);
    }

    @Test
    void everyOptionOfTheVirtualMachineIsOne() throws Exception {
        List<String> options = Files.readAllLines(CONF.resolve("jvm.options")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .collect(Collectors.toList());
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-version");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
    }

    @Test
    void theThresholdIsASizeThatJamesReads() throws Exception {
        String option = Files.readAllLines(CONF.resolve("jvm.options")).stream()
                .filter(line -> line.startsWith("-Djames.message.memory.threshold="))
                .findFirst()
                .orElseThrow();

        assertThat(org.apache.james.util.SizeFormat.parseAsByteCount(option.substring(option.indexOf('=') + 1)))
                .isPositive();
    }
}
