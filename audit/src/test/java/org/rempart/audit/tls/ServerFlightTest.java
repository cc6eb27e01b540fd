/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ServerFlightTest {
    private static ServerFlight of(byte[] bytes) throws IOException {
        return ServerFlight.read(new ByteArrayInputStream(bytes)::read);
    }

    @Property(tries = 500)
    void whateverComesItEnds(@ForAll @Size(max = 300) byte[] bytes) throws IOException {
        assertThat(of(bytes).kind()).isNotNull();
    }

    @Property(tries = 500)
    void aHandshakeOfNonsenseEnds(@ForAll @Size(max = 200) byte[] body) throws IOException {
        byte[] record = new byte[body.length + 9];
        record[0] = 22;
        record[1] = 3;
        record[2] = 3;
        record[4] = (byte) (body.length + 4);
        record[3] = (byte) ((body.length + 4) >> 8);
        record[5] = (byte) (2 + (body.length % 11));
        record[8] = (byte) body.length;
        System.arraycopy(body, 0, record, 9, body.length);
        assertThat(of(record).kind()).isNotNull();
    }

    @Test
    void anAlertIsARefusalAndGarbageIsNone() throws IOException {
        assertThat(of(HexFormat.of().parseHex("15030300020246")).refused()).isTrue();
        assertThat(of("220 mail ready\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                        .kind())
                .isEqualTo(ServerFlight.Kind.NONSENSE);
        assertThat(of(new byte[0]).refused()).isTrue();
    }

    @Test
    void theHelloOfSsl2IsKnown() throws IOException {
        ServerFlight flight = of(HexFormat.of().parseHex("800b0400010002000000030010"));
        assertThat(flight.chose()).isTrue();
        assertThat(flight.version()).isEqualTo(Version.SSL2);
    }

    @Test
    void suitesAreGraded() {
        assertThat(Suite.of(0x1301).grade()).isEqualTo(Suite.Grade.GOOD);
        assertThat(Suite.of(0xC02F).grade()).isEqualTo(Suite.Grade.GOOD);
        assertThat(Suite.of(0x009C).grade()).isEqualTo(Suite.Grade.FADING);
        assertThat(Suite.of(0xC013).grade()).isEqualTo(Suite.Grade.FADING);
        assertThat(Suite.of(0x0005).grade()).isEqualTo(Suite.Grade.BROKEN);
        assertThat(Suite.of(0x000A).grade()).isEqualTo(Suite.Grade.BROKEN);
        assertThat(Suite.of(0x003B).grade()).isEqualTo(Suite.Grade.BROKEN);
        assertThat(Suite.of(0x0018).grade()).isEqualTo(Suite.Grade.BROKEN);
        assertThat(Suite.of(0x0003).grade()).isEqualTo(Suite.Grade.BROKEN);
    }
}
