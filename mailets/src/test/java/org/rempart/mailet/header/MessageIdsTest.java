/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;

class MessageIdsTest {
    private static MessageIds ids(int key) {
        byte[] bytes = new byte[MessageIds.KEY_LENGTH];
        bytes[5] = (byte) key;
        return new MessageIds(bytes, "Mail.Ours.Example");
    }

    @Property
    void whoHasTheKeyFindsTheIdAgain(
            @ForAll @CharRange(from = '\u0001', to = '\u00ff') @StringLength(min = 1, max = 400) String id) {
        MessageIds ids = ids(1);
        String outer = ids.outer(id);
        assertThat(outer).matches("[a-z2-7]+@mail\\.ours\\.example").isEqualTo(ids.outer(id));
        assertThat(ids.inner(outer)).contains(id);
        assertThat(ids.inner(outer.toUpperCase(java.util.Locale.ROOT))).contains(id);
        assertThat(ids(2).inner(outer)).isEmpty();
        assertThat(ids(2).outer(id)).isNotEqualTo(outer);
    }

    @Property
    void nobodyElseMakesOneUp(@ForAll String left) {
        assertThat(ids(1).inner(left + "@mail.ours.example")).isEmpty();
        assertThat(ids(1).inner(left)).isEmpty();
    }

    @Example
    void changedFormIsNone() {
        MessageIds ids = ids(1);
        String outer = ids.outer("a@pc17");
        for (int i = 0; i < outer.indexOf('@'); i++) {
            char other = outer.charAt(i) == 'a' ? 'b' : 'a';
            assertThat(ids.inner(outer.substring(0, i) + other + outer.substring(i + 1)))
                    .isEmpty();
        }
    }

    @Example
    void veryLongIdHasAShortFormThatCanNotBeUndone() {
        String outer = ids(1).outer("a".repeat(100_000) + "@pc17");
        assertThat(outer).hasSizeLessThan(100);
        assertThat(ids(1).inner(outer)).isEmpty();
    }

    @Example
    void keyHasItsLength() {
        assertThatThrownBy(() -> new MessageIds(new byte[16], "a.example"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the key has 16 bytes, not 32");
    }
}
