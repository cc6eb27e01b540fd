/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Listener;
import org.rempart.distribution.home.TestHome;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.testsupport.FreePort;

class StartChecksTest {
    @TempDir
    Path folder;

    private TestHome home;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    private StartChecks configuration() {
        return new StartChecks(home.home(), Clock.systemUTC()).configuration();
    }

    private StartChecks ports() {
        return new StartChecks(home.home(), Clock.systemUTC()).ports();
    }

    private Listener listener(String name) throws Exception {
        return Listener.of(home.home()).stream()
                .filter(listener -> listener.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static String hostAndPort(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    @Test
    void theShippedConfigurationStarts() {
        assertThat(configuration().faults()).isEmpty();
        assertThat(ports().faults()).isEmpty();
    }

    @Test
    void theHostNameOfTheSamplesIsAWarningForEachFile() {
        assertThat(configuration().warnings())
                .contains("conf/smtpserver.xml: the host is still called mail.example.com; write its public name")
                .anyMatch(warning -> warning.startsWith("conf/mailetcontainer.xml: the postmaster")
                        && warning.endsWith("write postmaster@ and your domain"));
    }

    @Test
    void aDoorThatTakesPasswordsInClearTextIsAWarning() throws Exception {
        assertThat(configuration().warnings()).noneMatch(warning -> warning.contains("clear text"));
        home.write("pop3server.xml", "<pop3servers><pop3server enabled=\"true\"/></pop3servers>");
        home.write(
                "lmtpserver.xml",
                "<lmtpservers><lmtpserver enabled=\"true\"><tls socketTLS=\"true\"/></lmtpserver></lmtpservers>");
        home.write(
                "managesieveserver.xml",
                "<managesieveservers><managesieveserver enabled=\"false\"/></managesieveservers>");
        home.replace("imapserver.xml", "<requireSSL>true", "<requireSSL>false");
        assertThat(configuration().warnings())
                .anyMatch(warning ->
                        warning.startsWith("conf/pop3server.xml is not used") && warning.contains("clear text"))
                .anyMatch(warning ->
                        warning.startsWith("conf/lmtpserver.xml is not used") && !warning.contains("clear text"))
                .noneMatch(warning -> warning.contains("managesieve"))
                .anyMatch(warning -> warning.startsWith("conf/imapserver.xml: the listener imap takes passwords"));
    }

    @Test
    void theMtaStsPolicyHasAKeyOfItsOwnToBeLookedAt() throws Exception {
        home.write(
                "rempart.xml",
                "<policy><tls><mta-sts serve='127.0.0.1:" + FreePort.next() + "' mode='enforce'"
                        + " certificate='conf/tls/certificate.pem' key='conf/tls/other.key'/></tls></policy>");
        assertThat(configuration().faults()).anyMatch(fault -> fault.contains("conf/tls/other.key"));
    }

    @Test
    void exceptionsAreListedWithTheirReason() throws Exception {
        assertThat(configuration().exceptions()).isEmpty();
        home.write(
                "rempart.xml",
                "<policy><networks><network name='old'>192.0.2.0/24</network></networks>"
                        + "<submission><spoofed>refuse<except network='old' reason='the fax'/></spoofed></submission>"
                        + "<tls><clients>required<except network='old' reason='firmware'/></clients></tls></policy>");
        assertThat(configuration().exceptions())
                .hasSize(2)
                .allMatch(exception -> exception.startsWith("conf/rempart.xml:1:"))
                .anyMatch(exception -> exception.contains("the fax"))
                .anyMatch(exception -> exception.contains("firmware"));
    }

    @Test
    void aKeyToSignWithThatIsNotThereIsAFault() throws Exception {
        home.write(
                "rempart.xml",
                "<policy><dkim><sign domain='ours.example' selector='s1' key='conf/dkim/s1.pem'/></dkim></policy>");
        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/rempart.xml: <sign domain=\"ours.example\"")
                .contains("the key conf/dkim/s1.pem is not there", "bin/rempart dkim new ours.example");

        Files.createDirectories(home.home().conf("dkim"));
        home.write("dkim/s1.pem", DkimKey.generate(DkimKeyKind.RSA).pem());
        assertThat(configuration().faults()).isEmpty();

        home.replace("mailetcontainer.xml", "org.rempart.mailet.SignMail", "org.rempart.mailet.StripHeaders");
        assertThat(configuration().faults()).singleElement().asString().contains("signs nothing", "SignMail");
    }

    @Test
    void whatFiltersPutAsideIsKept() throws Exception {
        home.write("rempart.xml", "<policy><filters><filter name='a' at='http://127.0.0.1:11333'/></filters></policy>");
        assertThat(configuration().faults()).isEmpty();
        home.replace("mailetcontainer.xml", "HasMailAttribute=org.rempart.quarantined", "HasMailAttribute=x");
        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/rempart.xml: <filter name=\"a\"")
                .contains("HasMailAttribute=org.rempart.quarantined", "ToProcessor");
        home.replace("mailetcontainer.xml", "HasMailAttribute=x", "HasMailAttribute=org.rempart.quarantined");
        home.replace("mailetcontainer.xml", "HasMailAttribute=org.rempart.junk", "HasMailAttribute=x");
        assertThat(configuration().faults()).singleElement().asString().contains("WithStorageDirective");
        home.write(
                "rempart.xml",
                "<policy><filters><filter name='a' at='http://127.0.0.1:11333' spam='accept'"
                        + " quarantine='refuse'/></filters></policy>");
        assertThat(configuration().faults()).isEmpty();
    }

    @Test
    void whatTheDeliveryCannotDoIsAFault() throws Exception {
        home.write(
                "rempart.xml",
                "<policy><tls><outbound dnssec='validate' rootAnchors='conf/root.txt' reports='tls@example.com'>"
                        + "<to domain='bank.example' level='dane-only'/></outbound></tls></policy>");
        assertThat(configuration().faults())
                .singleElement()
                .satisfies(fault -> assertThat(fault)
                        .startsWith("conf/rempart.xml: the keys of the DNS's root in conf/root.txt can't be read"));
        home.write("root.txt", ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D");
        assertThat(configuration().faults()).isEmpty();
        home.replace(
                "mailetcontainer.xml", "class=\"org.rempart.mailet.SecureRemoteDelivery\"", "class=\"RemoteDelivery\"");
        assertThat(configuration().faults())
                .anyMatch(fault -> fault.contains("knows no DANE"))
                .anyMatch(fault -> fault.contains("sends no reports about TLS"))
                .anyMatch(fault -> fault.contains("can't deliver with the level dane-only"));
    }

    @Test
    void jamesOwnLdapIsAWarning() throws Exception {
        home.write(
                "usersrepository.xml",
                "<usersrepository name=\"LocalUsers\" ldapHost=\"ldaps://directory.example.com\"/>");
        assertThat(configuration().warnings())
                .anyMatch(warning -> warning.startsWith("conf/usersrepository.xml: James's own access to LDAP"));
    }

    @Test
    void aDirectoryThatIsNotWholeStopsTheStart() throws Exception {
        home.write("usersrepository.xml", "<usersrepository><directory/></usersrepository>");
        assertThat(configuration().faults())
                .anyMatch(fault -> fault.startsWith("conf/usersrepository.xml: <directory> lacks its <server>"));
    }

    @Test
    void moreConnectionsThanFilesAreAWarning() throws Exception {
        assertThat(withFiles(7_499).warnings())
                .contains("this process may have 7499 files open, and the 3500 connections that the listeners let in"
                        + " need up to 7500; raise the limit (LimitNOFILE= of systemd, ulimit -n), or lower"
                        + " <connectionLimit> in conf/smtpserver.xml and conf/imapserver.xml");
        assertThat(withFiles(7_500).warnings()).noneMatch(warning -> warning.contains("files open"));
        home.replace(
                "smtpserver.xml", "<connectionLimit>500</connectionLimit>", "<connectionLimit>0</connectionLimit>");
        assertThat(withFiles(1 << 20).warnings())
                .contains("conf/smtpserver.xml: the listener mx lets in any number of connections; write"
                        + " <connectionLimit>500</connectionLimit>");
        home.replace(
                "smtpserver.xml", "<connectionLimit>0</connectionLimit>", "<connectionLimit>all</connectionLimit>");
        assertThat(configuration().faults())
                .anyMatch(fault -> fault.contains("<connectionLimit>all</connectionLimit>"));
    }

    private StartChecks withFiles(long limit) {
        return new StartChecks(home.home(), Clock.systemUTC(), OptionalLong.of(limit)).configuration();
    }

    @Test
    void aFaultOfThePolicyTellsItsLine() throws Exception {
        home.replace("rempart.xml", "<clients>required", "<clients>sometimes");

        List<String> faults = configuration().faults();

        assertThat(faults).singleElement().asString().matches("(?s)conf/rempart\\.xml:\\d+:\\d+: .*sometimes.*");
    }

    @Test
    void withoutAPolicyTheSafeDefaultsApply() throws Exception {
        Files.delete(home.home().conf("rempart.xml"));

        assertThat(configuration().faults()).isEmpty();
    }

    private void deliverBy(String mailet) throws Exception {
        home.write(
                "mailetcontainer.xml",
                home.read("mailetcontainer.xml")
                        .replaceAll("class=\"[\\w.]*RemoteDelivery\"", "class=\"" + mailet + "\""));
    }

    private void outbound(String to) throws Exception {
        home.replace(
                "rempart.xml",
                "<outbound default=\"opportunistic\">",
                "<outbound default=\"opportunistic\"><to domain=\"bank.example\" " + to + "/>");
    }

    @Test
    void aLevelThatTheDeliveryCannotDoIsAFault() throws Exception {
        deliverBy("RemoteDelivery");
        outbound("level=\"secure\"");

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .contains("level secure", "rempart.xml:", "SecureRemoteDelivery", "write verify");

        deliverBy("org.rempart.mailet.SecureRemoteDelivery");

        assertThat(configuration().faults()).isEmpty();
    }

    @Test
    void trustAnchorsThatTheDeliveryCannotUseAreAFault() throws Exception {
        deliverBy("RemoteDelivery");
        outbound("level=\"verify\" trust=\"conf/tls/certificate.pem\"");

        assertThat(configuration().faults()).singleElement().asString().contains("trust anchors of a rule");
    }

    @Test
    void trustAnchorsThatAreNotThereAreAFault() throws Exception {
        deliverBy("org.rempart.mailet.SecureRemoteDelivery");
        outbound("level=\"verify\" trust=\"conf/tls/partner-ca.pem\"");

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/rempart.xml: <to domain=\"bank.example\"")
                .contains("conf/tls/partner-ca.pem can't be read");
    }

    @Test
    void aListenerMayNotOfferWhatThePolicyDoesNotName() throws Exception {
        home.replace("rempart.xml", "<protocols>TLSv1.3, TLSv1.2</protocols>", "<protocols>TLSv1.3</protocols>");

        assertThat(configuration().faults())
                .hasSize(5)
                .anySatisfy(fault -> assertThat(fault)
                        .startsWith("conf/imapserver.xml: the listener imaps offers TLSv1.2")
                        .contains("<protocols> of rempart.xml"));
    }

    @Test
    void aListenerMayNotLeaveItsTlsVersionsOpen() throws Exception {
        String file = home.read("smtpserver.xml");
        home.write("smtpserver.xml", file.replaceAll("(?s)<supportedProtocols>.*?</supportedProtocols>", ""));

        assertThat(configuration().faults())
                .hasSize(3)
                .allSatisfy(fault -> assertThat(fault)
                        .contains("leaves its TLS versions open")
                        .contains("TLSv1.3, TLSv1.2"));
    }

    @Test
    void aMissingCertificateIsOneFault() throws Exception {
        Files.delete(home.home().conf("tls/certificate.pem"));

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/tls/certificate.pem is missing");
    }

    @Test
    void xmlThatIsNotWellFormedTellsItsLine() throws Exception {
        home.replace("imapserver.xml", "<timeout>1800</timeout>", "<timeout>1800</timeuot>");

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .matches("(?s)conf/imapserver\\.xml:\\d+:\\d+: the file is not well-formed XML.*");
    }

    @Test
    void aDatabaseThatIsNotKnownIsAFault() throws Exception {
        Files.writeString(home.home().conf("james-database.properties"), "database.url=jdbc:mysql://localhost/mail\n");

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/james-database.properties: ")
                .contains("jdbc:postgresql://HOST/DATABASE");
    }

    @Test
    void aDatabaseInMemoryIsWarnedOf() throws Exception {
        Files.writeString(
                home.home().conf("james-database.properties"), "database.url=jdbc:derby:memory:mail;create=true\n");

        assertThat(configuration().faults()).isEmpty();
        assertThat(configuration().warnings()).anyMatch(warning -> warning.contains("the database is in memory"));
    }

    @Test
    void severalFaultsAreToldAtOnce() throws Exception {
        Files.delete(home.home().conf("tls/certificate.pem"));
        home.replace("rempart.xml", "<clients>required", "<clients>sometimes");

        assertThat(configuration().faults()).hasSize(2);
    }

    @Test
    void aTakenPortNamesListenerAndPort() throws Exception {
        InetSocketAddress wanted = listener("submission").address();
        try (ServerSocket other = new ServerSocket()) {
            other.bind(wanted);

            assertThat(ports().faults())
                    .containsExactly("conf/smtpserver.xml: the listener submission can't have " + hostAndPort(wanted)
                            + ": the port is taken; stop what listens there (ss -ltnp), or change <bind>");
        }
        assertThat(ports().faults()).isEmpty();
    }

    @Test
    void anAddressOfAnotherMachineIsTold() throws Exception {
        String bind = hostAndPort(listener("mx").address());
        home.replace(
                "smtpserver.xml", bind, "192.0.2.1:" + listener("mx").address().getPort());

        assertThat(ports().faults())
                .singleElement()
                .asString()
                .contains("mx")
                .contains("this machine has no such address");
    }

    @Test
    void twoListenersMayNotWantOnePort() throws Exception {
        home.replace(
                "smtpserver.xml",
                hostAndPort(listener("submission").address()),
                hostAndPort(listener("mx").address()));

        assertThat(ports().faults())
                .singleElement()
                .asString()
                .contains("the listeners mx and submission both want 127.0.0.1:");
    }

    @Test
    void aBindWithoutAPortIsTold() throws Exception {
        home.replace("smtpserver.xml", hostAndPort(listener("mx").address()), "127.0.0.1");

        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/smtpserver.xml: <bind>127.0.0.1</bind> of smtpserver number 1")
                .endsWith("write 0.0.0.0:25");
    }

    @Test
    void filesOfTheSharedStoreHaveToBeThere() throws Exception {
        home.write(
                "rempart.xml",
                "<policy><shared store='rediss://redis.example' password='conf/redis.password' trust='conf/redis-ca.pem'/>"
                        + "</policy>");
        home.write("redis.password", "secret\n");
        assertThat(configuration().faults())
                .singleElement()
                .asString()
                .startsWith("conf/rempart.xml: file://conf/redis-ca.pem of <shared ")
                .contains("rempart.xml:1:", "can't be read; name a file that is there");
    }
}
