/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.rempart.message.HeaderBlock;

/** A header as filters change it. */
class FilteredHeaderTest {
    private static final String HEADER = "A-R: ours\r\nX-Spam: No\r\nFrom: caf\u00e9\r\nx-spam: 2\r\nTo: b\r\n\r\n";

    private static FilteredHeader of(String header) {
        return new FilteredHeader(HeaderBlock.parse(header.getBytes(ISO_8859_1)), field -> field.isNamed("A-R"));
    }

    private static String text(FilteredHeader header) {
        return new String(header.header().bytes(), ISO_8859_1);
    }

    private static HeaderChange change(HeaderChange.Kind kind, int index, String name, String value) throws Exception {
        return HeaderChange.of(kind, index, name, value);
    }

    @Test
    void fieldsAreAddedChangedAndRemoved() throws Exception {
        FilteredHeader header = of(HEADER);
        assertThat(header.isChanged()).isFalse();
        header.apply(List.of(
                change(HeaderChange.Kind.ADD, 0, "X-Last", "l"),
                change(HeaderChange.Kind.INSERT, 0, "X-First", "f"),
                change(HeaderChange.Kind.INSERT, 99, "X-Far", "r"),
                change(HeaderChange.Kind.CHANGE, 2, "X-Spam", "Yes"),
                change(HeaderChange.Kind.CHANGE, 3, "X-Spam", "3"),
                change(HeaderChange.Kind.REMOVE, 1, "to", "")));
        assertThat(header.isChanged()).isTrue();
        assertThat(text(header))
                .isEqualTo("X-First: f\r\n"
                        + "A-R: ours\r\n"
                        + "X-Spam: No\r\n"
                        + "From: caf\u00e9\r\n"
                        + "X-Spam: Yes\r\n"
                        + "X-Last: l\r\n"
                        + "X-Far: r\r\n"
                        + "X-Spam: 3\r\n\r\n");
        header.apply(List.of(
                change(HeaderChange.Kind.REMOVE, -1, "X-Spam", ""), change(HeaderChange.Kind.REMOVE, 9, "X-Spam", "")));
        assertThat(text(header)).doesNotContain("X-Spam: 3").contains("X-Spam: No", "X-Spam: Yes");
        header.apply(List.of(change(HeaderChange.Kind.REMOVE, 0, "X-SPAM", "")));
        assertThat(text(header)).doesNotContain("X-Spam");
    }

    @Test
    void whatThisServerWroteNoFilterChanges() throws Exception {
        FilteredHeader header = of(HEADER);
        header.apply(List.of(
                change(HeaderChange.Kind.REMOVE, 0, "A-R", ""), change(HeaderChange.Kind.CHANGE, 1, "A-R", "theirs")));
        assertThat(header.isChanged()).isFalse();
    }

    @Test
    void whatStrangersClaimIsRemovedAndWhatFiltersWroteStays() throws Exception {
        FilteredHeader header =
                of("A-R: ours\r\nX-Spam: No\r\nX-Scan: clean\r\nDKIM-Filter: theirs\r\nFrom: a\r\n\r\n");
        header.apply(List.of(
                change(HeaderChange.Kind.ADD, 0, "X-Spam", "Yes"),
                change(HeaderChange.Kind.ADD, 0, "x-scan", "virus"),
                change(HeaderChange.Kind.ADD, 0, "DKIM-Filter", "our filter's")));
        header.mark("X-Unfiltered", "clamav; no answer");
        header.removeClaims(
                name -> name.toLowerCase(java.util.Locale.ROOT).startsWith("x-spam") || name.equals("X-Unfiltered"));
        assertThat(text(header))
                .isEqualTo("X-Unfiltered: clamav; no answer\r\n"
                        + "A-R: ours\r\n"
                        + "DKIM-Filter: theirs\r\n"
                        + "From: a\r\n"
                        + "X-Spam: Yes\r\n"
                        + "x-scan: virus\r\n"
                        + "DKIM-Filter: our filter's\r\n\r\n");
    }

    @Test
    void oddHeadersStayOdd() throws Exception {
        HeaderChange added = change(HeaderChange.Kind.ADD, 0, "X-A", "1");
        for (String[] odd : new String[][] {
            {"", "X-A: 1\r\n"},
            {"\r\n", "X-A: 1\r\n\r\n"},
            {"A: b", "A: b\r\nX-A: 1\r\n"},
            {"A: b\n\n", "A: b\nX-A: 1\r\n\n"},
            {"no field\r\n\r\n", "no field\r\nX-A: 1\r\n\r\n"}
        }) {
            FilteredHeader header = of(odd[0]);
            assertThat(header.isChanged()).isFalse();
            header.apply(List.of(added));
            assertThat(text(header)).isEqualTo(odd[1]);
        }
        FilteredHeader header = of(" folded\r\nA: b\rB: c\n\nbody");
        header.apply(
                List.of(change(HeaderChange.Kind.INSERT, 0, "X-A", "1"), change(HeaderChange.Kind.REMOVE, 0, "B", "")));
        HeaderBlock left = HeaderBlock.parse(text(header).getBytes(ISO_8859_1));
        assertThat(left.fields()).hasSize(3);
        assertThat(text(header)).isEqualTo(" folded\r\nX-A: 1\r\nA: b\r\n\nbody");
    }
}
