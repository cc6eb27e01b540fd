/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.quickstart.Ports.Listener;
import org.rempart.testsupport.FreePort;

class ServerConfTest {
    private static final String SMTP = """
            <smtpservers>
              <!-- the MX -->
              <smtpserver><bind>0.0.0.0:25</bind><helloName autodetect="false">mail.example.com</helloName></smtpserver>
              <smtpserver><bind>0.0.0.0:587</bind></smtpserver>
              <smtpserver><bind>0.0.0.0:465</bind></smtpserver>
            </smtpservers>
            """;
    private static final String IMAP = """
            <imapservers>
              <imapserver><bind>0.0.0.0:143</bind></imapserver>
              <imapserver><bind>0.0.0.0:993</bind></imapserver>
            </imapservers>
            """;
    private static final String MAILETS = """
            <mailetcontainer>
              <mailet match="All" class="LocalDelivery"/>
              <!-- how mail leaves -->
              <mailet match="SenderIs=robot@example.com" class="RemoteDelivery">
                <outgoing>outgoing-robot</outgoing>
              </mailet>
              <mailet match="All" class="org.rempart.mailet.SecureRemoteDelivery">
                <outgoing>outgoing</outgoing>
              </mailet>
            </mailetcontainer>
            """;
    private static final String WEBADMIN = "enabled=true\nhost=127.0.0.1\nport=8000\n";

    @TempDir
    private Path folder;

    private ServerConf conf;
    private Ports ports;

    @BeforeEach
    void packagedFiles() throws IOException {
        write("smtpserver.xml", SMTP);
        write("imapserver.xml", IMAP);
        write("mailetcontainer.xml", MAILETS);
        write("webadmin.properties", WEBADMIN);
        write("domainlist.xml", "<domainlist><defaultDomain>example.com</defaultDomain></domainlist>");
        conf = new ServerConf(folder);
        ports = Ports.choose(Map.of(), text -> {});
    }

    @Test
    void movesEveryListenerToLoopback() throws IOException {
        conf.listenOn(ports);
        assertThat(read("smtpserver.xml"))
                .isEqualTo(SMTP.replace("0.0.0.0:25<", "127.0.0.1:" + ports.of(Listener.SMTP) + "<")
                        .replace("0.0.0.0:587<", "127.0.0.1:" + ports.of(Listener.SUBMISSION) + "<")
                        .replace("0.0.0.0:465<", "127.0.0.1:" + ports.of(Listener.SUBMISSIONS) + "<"));
        assertThat(read("imapserver.xml"))
                .isEqualTo(IMAP.replace("0.0.0.0:143<", "127.0.0.1:" + ports.of(Listener.IMAP) + "<")
                        .replace("0.0.0.0:993<", "127.0.0.1:" + ports.of(Listener.IMAPS) + "<"));
        assertThat(read("webadmin.properties"))
                .isEqualTo("enabled=true\nhost=127.0.0.1\nport=" + ports.of(Listener.WEBADMIN) + "\n");
    }

    @Test
    void failsWhenAListenerIsNotWhereItShouldBe() throws IOException {
        write("smtpserver.xml", SMTP.replace("0.0.0.0:587", "0.0.0.0:588"));
        assertThatThrownBy(() -> conf.listenOn(ports))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(
                        folder.resolve("smtpserver.xml") + " should have <bind>0.0.0.0:587</bind> exactly once");
    }

    @Test
    void failsWhenAListenerIsThereTwice() throws IOException {
        write("imapserver.xml", IMAP.replace("0.0.0.0:993", "0.0.0.0:143"));
        assertThatThrownBy(() -> conf.listenOn(ports)).hasMessageContaining("exactly once");
    }

    @Test
    void failsWhenAListenerWouldStayOnAllAddresses() throws IOException {
        write("imapserver.xml", IMAP.replace("</imapservers>", "<bind>0.0.0.0:110</bind></imapservers>"));
        assertThatThrownBy(() -> conf.listenOn(ports))
                .hasMessageContaining("<bind>0.0.0.0:110</bind>")
                .hasMessageContaining("loopback");
    }

    @Test
    void failsWhenWebadminWouldNotBeOnLoopback() throws IOException {
        write("webadmin.properties", "enabled=true\nhost=0.0.0.0\nport=8000\n");
        assertThatThrownBy(() -> conf.listenOn(ports)).hasMessageContaining("host=127.0.0.1");
        packagedFiles();
        write("webadmin.properties", "enabled=true\nhost=127.0.0.1\n");
        assertThatThrownBy(() -> conf.listenOn(ports)).hasMessageContaining("port=");
    }

    @Test
    void routesEveryRemoteDeliveryToTheSink() throws IOException {
        conf.routeRemoteMailTo(new InetSocketAddress(Ports.loopback(), 2526));
        String routed = read("mailetcontainer.xml");
        assertThat(routed.split("<gateway>127.0.0.1</gateway>\\s*<gatewayPort>2526</gatewayPort>", -1))
                .hasSize(3);
        assertThat(routed).contains("<!-- how mail leaves -->", "class=\"LocalDelivery\"/>");
    }

    @Test
    void failsWhenMailWouldLeaveTheMachine() throws IOException {
        write("mailetcontainer.xml", MAILETS.replace("<outgoing>outgoing</outgoing>", "<gateway>real</gateway>"));
        assertThatThrownBy(this::route).hasMessageContaining("would leave this machine");
        write("mailetcontainer.xml", MAILETS.replace("org.rempart.mailet.SecureRemote", "org.example.Other"));
        route();
        write(
                "mailetcontainer.xml",
                MAILETS.replace("class=\"RemoteDelivery\"", "class=\"org.example.OwnRemoteDelivery\""));
        assertThatThrownBy(this::route).hasMessageContaining("org.example.OwnRemoteDelivery");
        write(
                "mailetcontainer.xml",
                "<mailetcontainer><mailet match=\"All\" class=\"RemoteDelivery\"/></mailetcontainer>");
        assertThatThrownBy(this::route).hasMessageContaining("would leave this machine");
        write("mailetcontainer.xml", "<mailetcontainer/>");
        assertThatThrownBy(this::route).hasMessageContaining("no RemoteDelivery");
    }

    @Test
    void knowsTheNamesOfTheServer() throws IOException {
        assertThat(conf.mailHost()).isEqualTo("mail.example.com");
        assertThat(conf.defaultDomain()).isEqualTo("example.com");
        write("domainlist.xml", "<domainlist/>");
        assertThatThrownBy(conf::defaultDomain).hasMessageContaining("no <defaultDomain>");
        write("domainlist.xml", "<domainlist>");
        assertThatThrownBy(conf::defaultDomain).hasMessageContaining("not well-formed");
    }

    @Test
    void usualPortsGiveWayAndWantedOnesDoNot() throws IOException {
        Map<Listener, Integer> usual = usualPorts();
        int taken = usual.get(Listener.SMTP);
        List<String> remarks = new ArrayList<>();
        try (var other = new ServerSocket()) {
            other.bind(new InetSocketAddress(Ports.loopback(), taken));
            assertThatThrownBy(() -> Ports.choose(Map.of(Listener.IMAP, taken), usual::get, text -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Port " + taken + ", asked for as the port of IMAP, is taken");

            Ports chosen = Ports.choose(Map.of(), usual::get, remarks::add);
            assertThat(chosen.of(Listener.SMTP)).isNotEqualTo(taken);
            assertThat(chosen.of(Listener.IMAP)).isEqualTo(usual.get(Listener.IMAP));
            assertThat(remarks)
                    .containsExactly("Port " + taken + " is taken; MX gets " + chosen.of(Listener.SMTP) + " instead.");
        }
    }

    @Test
    void aUsualPortGivesWayToAListenerForWhichItIsAskedFor() throws IOException {
        Map<Listener, Integer> usual = usualPorts();
        int asked = usual.get(Listener.SMTP);
        Ports chosen = Ports.choose(Map.of(Listener.IMAP, asked), usual::get, text -> {});
        assertThat(chosen.of(Listener.IMAP)).isEqualTo(asked);
        assertThat(chosen.of(Listener.SMTP)).isNotEqualTo(asked);
        assertThatThrownBy(
                        () -> Ports.choose(Map.of(Listener.IMAP, asked, Listener.IMAPS, asked), usual::get, text -> {}))
                .hasMessageContaining("asked for twice");
    }

    /** In the place of those of the product, which somebody may have. */
    private static Map<Listener, Integer> usualPorts() throws IOException {
        Map<Listener, Integer> usual = new EnumMap<>(Listener.class);
        for (Listener listener : Listener.values()) {
            usual.put(listener, FreePort.next());
        }
        return usual;
    }

    private void route() throws IOException {
        conf.routeRemoteMailTo(new InetSocketAddress(Ports.loopback(), 2526));
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private String read(String name) throws IOException {
        return Files.readString(folder.resolve(name));
    }
}
