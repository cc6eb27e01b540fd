/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.Note;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;

@DisplayName("A configuration as people change it")
class UserChangesTest {
    private static final String CONTAINER = "mailetcontainer.xml";
    private static final String LISTENERS = "smtpserver.xml";
    private static final String MX = "org.rempart.smtp.MxHandlers";
    private static final String SUBMISSION = "org.rempart.smtp.SubmissionHandlers";

    private Map<String, byte[]> files;

    @BeforeEach
    void start() throws IOException {
        files = Samples.read(Samples.stock());
    }

    private void change(String file, UnaryOperator<String> change) {
        String before = new String(files.get(file), StandardCharsets.UTF_8);
        String after = change.apply(before);
        assertThat(after).as("the test changes nothing").isNotEqualTo(before);
        files.put(file, after.getBytes(StandardCharsets.UTF_8));
    }

    private String hardened(String file) throws Exception {
        return new String(Samples.hardened(files).get(file), StandardCharsets.UTF_8);
    }

    private XmlElement tree(String file) throws Exception {
        Map<String, byte[]> after = Samples.hardened(files);
        assertThat(Samples.drafts(after)).noneMatch(Draft::changes);
        return XmlDocument.parse(SourceText.of(file, after.get(file))).root();
    }

    private List<String> notes() throws Exception {
        return Samples.drafts(files).stream()
                .flatMap(draft -> draft.notes().stream())
                .map(Note::toString)
                .collect(Collectors.toList());
    }

    private List<XmlElement> mailets(String state) throws Exception {
        return tree(CONTAINER).all("processor").stream()
                .filter(processor -> processor.attribute("state").equals(state))
                .flatMap(processor -> processor.children("mailet").stream())
                .collect(Collectors.toList());
    }

    private List<String> chains() throws Exception {
        return tree(LISTENERS).all("handlerchain").stream()
                .map(chain -> chain.attribute("coreHandlersPackage"))
                .collect(Collectors.toList());
    }

    private void smtp(String... listeners) {
        files.put(
                LISTENERS,
                ("<smtpservers>\n" + String.join("\n", listeners) + "\n</smtpservers>\n")
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void listenersOnOtherPortsAreToldByTlsAndLogin() throws Exception {
        smtp(
                "<smtpserver><bind>127.0.0.1:4025</bind><auth><announce>never</announce></auth></smtpserver>",
                "<smtpserver><bind>127.0.0.1:4465</bind><tls socketTLS=\"true\"/></smtpserver>",
                "<smtpserver><bind>127.0.0.1:4587</bind><auth><announce>forUnauthorizedAddresses</announce></auth></smtpserver>",
                "<smtpserver><bind>[::]:${env:SMTP:-25}</bind></smtpserver>",
                "<smtpserver><bind>127.0.0.1:4026</bind><handlerchain"
                        + " coreHandlersPackage=\"org.apache.james.smtpserver.NoAuthCmdHandlerLoader\"/></smtpserver>");

        assertThat(chains()).containsExactly(MX, SUBMISSION, SUBMISSION, MX, MX);
        assertThat(tree(LISTENERS).all("tls"))
                .extracting(tls -> tls.attribute("socketTLS"))
                .containsExactly("false", "true", "false", "false", "false");
    }

    @Test
    void aListenerThatCantBeToldIsLeftAlone() throws Exception {
        String listener =
                "<smtpserver><bind>0.0.0.0:2525</bind><authorizedAddresses>10.0.0.0/8</authorizedAddresses></smtpserver>";
        smtp("<smtpserver><bind>0.0.0.0:25</bind></smtpserver>", listener);

        assertThat(hardened(LISTENERS)).contains(listener);
        assertThat(notes()).anyMatch(note -> note.startsWith("smtpserver.xml:3: whether this listener is an MX"));
    }

    @Test
    void ownHandlersStayInTheChain() throws Exception {
        change(
                LISTENERS,
                text -> text.replaceFirst(
                        "(<handlerchain[^>]*>)",
                        "$1<!-- ours --><handler class=\"com.acme.Hook\"><a>\\${env:A}</a></handler>"));

        assertThat(tree(LISTENERS).all("handlerchain").get(0).children("handler"))
                .extracting(handler -> handler.attribute("class"))
                .containsExactly("com.acme.Hook");
        assertThat(hardened(LISTENERS))
                .contains("<!-- ours --><handler class=\"com.acme.Hook\"><a>${env:A}</a></handler>");
    }

    @Test
    void handlersOfOursThatAreListedOneByOneStay() throws Exception {
        change(
                LISTENERS,
                text -> text.replaceFirst(
                        "<handlerchain[^>]*>",
                        "<handlerchain coreHandlersPackage=\"org.rempart.smtp.CoreHandlers\">"
                                + "<handler class=\"org.rempart.smtp.SessionGuard\"/>"));

        XmlElement chain = tree(LISTENERS).all("handlerchain").get(0);
        assertThat(chain.attribute("coreHandlersPackage")).isEqualTo("org.rempart.smtp.CoreHandlers");
        assertThat(chain.attribute("enableJmx")).isEqualTo("false");
        assertThat(chain.children("handler").get(0).attribute("class")).isEqualTo("org.rempart.smtp.SessionGuard");
    }

    @Test
    void anotherCoreHandlersPackageStaysAndIsTold() throws Exception {
        change(
                LISTENERS,
                text -> text.replaceFirst(
                        "<handlerchain[^>]*>", "<handlerchain coreHandlersPackage=\"com.acme.Handlers\">"));

        assertThat(chains().get(0)).isEqualTo("com.acme.Handlers");
        assertThat(notes()).anyMatch(note -> note.contains("coreHandlersPackage=\"com.acme.Handlers\" is not James's"));
    }

    @Test
    void networksThatRelayedAreToldWithTheLinesOfThePolicy() throws Exception {
        change(
                LISTENERS,
                text -> text.replaceFirst(
                        "<authorizedAddresses>[^<]*<", "<authorizedAddresses>127.0.0.0/8, 10.1.0.0/16<"));

        assertThat(hardened(LISTENERS)).doesNotContain("<authorizedAddresses>");
        assertThat(notes())
                .anyMatch(note -> note.contains("<network name=\"relaying\">127.0.0.0/8, 10.1.0.0/16</network>")
                        && note.contains("<allow network=\"relaying\"/>"));
    }

    @Test
    void whatComesFromTheEnvironmentStaysAndIsTold() throws Exception {
        change(LISTENERS, text -> text.replaceFirst("<requireSSL>[^<]*<", "<requireSSL>\\${env:SSL}<"));

        assertThat(hardened(LISTENERS)).contains("<requireSSL>${env:SSL}</requireSSL>");
        assertThat(notes())
                .anyMatch(note -> note.contains("write <requireSSL>true</requireSSL>, or see that ${env:SSL} is true"));
    }

    private void delivery(String parameters) {
        change(
                CONTAINER,
                text -> text.replaceFirst(
                        "(?s)(class=\"RemoteDelivery\">).*?</mailet>",
                        "$1" + parameters.replace("$", "\\$") + "</mailet>"));
    }

    private XmlElement hardenedDelivery() throws Exception {
        return mailets("relay").stream()
                .filter(mailet -> mailet.attribute("class").equals("org.rempart.mailet.SecureRemoteDelivery"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void parametersOfTheDeliveryAreCarriedOver() throws Exception {
        delivery(
                "<gateway>relay.our.example</gateway><gatewayPort>587</gatewayPort><gatewayusername>us</gatewayusername>"
                        + "<gatewayPassword>${env:PW}</gatewayPassword><startTLS>true</startTLS><delayTime>1h</delayTime><maxRetries>9</maxRetries><!--"
                        + " why --><mail.smtp.localhost>mx.our.example</mail.smtp.localhost>"
                        + "<deliveryThreads>7</deliveryThreads><mail.debug>true</mail.debug>");

        XmlElement ours = hardenedDelivery();
        assertThat(List.of(
                        ours.text("gateway"),
                        ours.text("gatewayPort"),
                        ours.text("gatewayusername"),
                        ours.text("gatewayPassword"),
                        ours.text("delayTime"),
                        ours.text("maxRetries"),
                        ours.text("heloName"),
                        ours.text("deliveryThreads")))
                .containsExactly("relay.our.example", "587", "us", "${env:PW}", "1h", "9", "mx.our.example", "7");
        assertThat(ours.children()).extracting(XmlElement::name).doesNotContain("startTLS", "mail.debug");
        assertThat(hardened(CONTAINER)).contains("<!-- why -->");
        assertThat(notes()).anyMatch(note -> note.contains("<mail.debug>true goes"));
    }

    @Test
    void everyDeliveryHasItsOwnQueue() throws Exception {
        change(
                CONTAINER,
                text -> text.replace(
                        "</processors>",
                        "<processor state=\"partner\"><mailet match=\"All\""
                                + " class=\"RemoteDelivery\"><outgoing>outgoing</outgoing></mailet>"
                                + "</processor></processors>"));

        assertThat(tree(CONTAINER).all("outgoing"))
                .extracting(XmlElement::text)
                .containsExactly("outgoing", "outgoing-2");
    }

    @Test
    void aBounceProcessorOfTheirOwnGetsTheReports() throws Exception {
        delivery("<bounceProcessor>mine</bounceProcessor>");
        change(
                CONTAINER,
                text -> text.replace(
                        "</processors>",
                        "<processor state=\"mine\"><mailet match=\"All\""
                                + " class=\"com.acme.Tell\"/></processor></processors>"));

        assertThat(hardenedDelivery().text("bounceProcessor")).isEqualTo("mine");
        assertThat(hardenedDelivery().child("reportProcessor")).isEmpty();
        assertThat(mailets("mine")).hasSize(1);
        assertThat(notes()).anyMatch(note -> note.contains("what tells senders that a mail failed is not James's"));
    }

    private void relayAllowed(String... matchers) {
        String lines = List.of(matchers).stream()
                .map(matcher -> "<matcher match=\"" + matcher + "\"/>")
                .collect(Collectors.joining());
        change(
                CONTAINER,
                text -> text.replaceFirst(
                        "(?s)(<matcher name=\"relay-allowed\"[^>]*>).*?\n( *)</matcher>",
                        "$1" + lines + "\n$2</matcher>"));
    }

    @Test
    void networksOfTheMatcherAreToldWithTheLinesOfThePolicy() throws Exception {
        relayAllowed("SMTPAuthSuccessful", "RemoteAddrInNetwork=10.1.0.0/16");

        assertThat(hardened(CONTAINER)).contains("<matcher name=\"relay-allowed\"");
        assertThat(mailets("transport"))
                .filteredOn(mailet -> mailet.text("processor").equals("relay"))
                .extracting(mailet -> mailet.attribute("match"))
                .containsExactly("All");
        assertThat(notes()).anyMatch(note -> note.contains("<network name=\"relaying\">10.1.0.0/16</network>"));
    }

    @Test
    void aMatcherOfTheirOwnStaysAndTheGateStandsBeforeIt() throws Exception {
        relayAllowed("SMTPAuthSuccessful", "com.acme.Allowed=x");

        assertThat(mailets("transport"))
                .extracting(mailet -> mailet.attribute("match") + " " + mailet.text("processor"))
                .containsSubsequence(
                        "org.rempart.matcher.RelayDenied relay-denied", "relay-allowed relay", "All relay-denied");
        assertThat(notes()).anyMatch(note -> note.contains("asks com.acme.Allowed=x"));
    }

    @Test
    void mailThatGoesOutFromAnotherProcessorPassesAGateToo() throws Exception {
        change(
                CONTAINER,
                text -> text.replace(
                                "<mailet match=\"All\" class=\"PostmasterAlias\"/>",
                                "<mailet match=\"All\" class=\"PostmasterAlias\"/><mailet"
                                        + " match=\"HostIs=list.example\" class=\"ToProcessor\">"
                                        + "<processor>lists</processor></mailet>")
                        .replace(
                                "</processors>",
                                "<processor state=\"lists\"><mailet match=\"All\""
                                        + " class=\"RemoteDelivery\"/></processor></processors>"));

        assertThat(mailets("root"))
                .extracting(mailet -> mailet.attribute("match") + " " + mailet.text("processor"))
                .containsSubsequence("org.rempart.matcher.RelayDenied relay-denied", "HostIs=list.example lists");
        assertThat(mailets("lists"))
                .extracting(mailet -> mailet.attribute("class"))
                .containsExactly(
                        "org.rempart.mailet.AuditMail",
                        "org.rempart.mailet.RewriteForwardedSender",
                        "org.rempart.mailet.StripHeaders",
                        "org.rempart.mailet.SignMail",
                        "org.rempart.mailet.SecureRemoteDelivery");
    }

    @Test
    void whatLeavesBeforeTheDomainsAreToldApartIsRemoteMailOnly() throws Exception {
        change(
                CONTAINER,
                text -> text.replaceFirst("(?s)<mailet match=\"HostIsLocal\".*?</mailet>", "<!-- no HostIsLocal -->"));

        assertThat(mailets("transport"))
                .filteredOn(mailet -> mailet.text("processor").equals("relay"))
                .extracting(mailet -> mailet.attribute("match"))
                .containsExactly("org.rempart.matcher.RecipientIsRemote");
    }

    @Test
    void processorsThatLackAreAdded() throws Exception {
        change(
                CONTAINER,
                text -> text.replaceFirst(
                                "(?s)<processor state=\"relay-denied\".*?</processor>\\s*(?=<processor"
                                        + " state|</processors>)",
                                "")
                        .replaceFirst(
                                "(?s)<processor state=\"bounces\".*?</processor>\\s*(?=<processor state|</processors>)",
                                ""));

        assertThat(mailets("relay-denied"))
                .extracting(mailet -> mailet.attribute("class"))
                .containsExactly("org.rempart.mailet.AuditMail", "org.rempart.mailet.RefuseMail");
        assertThat(mailets("bounces"))
                .extracting(mailet -> mailet.attribute("class"))
                .containsExactly("org.rempart.mailet.SendReport");
    }

    @Test
    void otherGuiceModulesStayBehindOurs() throws Exception {
        files.put(
                "extensions.properties",
                "a=b\r\nguice.extension.module = com.acme.A,\\\r\n com.acme.B".getBytes(StandardCharsets.UTF_8));

        assertThat(hardened("extensions.properties"))
                .isEqualTo(
                        "a=b\r\nguice.extension.module = org.rempart.james.FlavourCheck,com.acme.A,\\\r\n com.acme.B");
    }

    @Test
    void theNameOfTheHostIsTheOneThatTheListenersSay() throws Exception {
        change(
                LISTENERS,
                text -> text.replaceFirst(
                        "(<smtpserver [^>]*>)", "$1<helloName autodetect=\"false\">mx.our.example</helloName>"));

        assertThat(hardened("rempart.xml")).contains("<received name=\"mx.our.example\">");
        assertThat(hardened(CONTAINER)).contains("<hostName>mx.our.example</hostName>");
        assertThat(tree(LISTENERS).all("helloName"))
                .extracting(XmlElement::text)
                .containsOnly("mx.our.example");
    }

    @Test
    void detailsAreFollowedBehindTheTableOfAliases() throws Exception {
        assertThat(mailets("transport"))
                .extracting(mailet -> mailet.attribute("class"))
                .containsSubsequence("RecipientRewriteTable", "org.rempart.mailet.FollowSubaddresses", "ToProcessor");
    }

    @Test
    void detailsStayWhereJamesReadsThem() throws Exception {
        change(
                CONTAINER,
                text -> text.replaceFirst(
                        "(<mailet match=\"\\w+\" class=\"LocalDelivery\"/>)",
                        "<mailet match=\"All\" class=\"SubAddressing\"/>$1"));

        assertThat(hardened(CONTAINER)).contains("SubAddressing").doesNotContain("FollowSubaddresses");
        assertThat(notes()).anyMatch(note -> note.contains("James's SubAddressing reads the details"));
    }

    @Test
    void onRabbitMailWaitsInARepositoryAndAPersonNamesTheStore() throws Exception {
        files.put("rabbitmq.properties", "uri=amqp://rabbitmq:5672\n".getBytes(StandardCharsets.UTF_8));

        assertThat(hardened(CONTAINER)).contains("<delayedMail>memory://var/mail/delayed/outgoing/</delayedMail>");
        assertThat(notes()).anyMatch(note -> note.contains("<shared store="));
    }

    @Test
    void onOtherQueuesMailWaitsInTheQueue() throws Exception {
        assertThat(hardened(CONTAINER)).doesNotContain("delayedMail");
        assertThat(notes()).noneMatch(note -> note.contains("<shared store="));
    }
}
