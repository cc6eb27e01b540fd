/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Strangers make domains and rows: of a day there are no more than so many. */
class ReportCountsTest {
    private static final LocalDate DAY = LocalDate.of(2030, 1, 1);

    @TempDir
    private Path folder;

    private static ReportRow row(int number) {
        List<String> fields = Stream.concat(
                        Stream.of(String.valueOf(number)), Collections.nCopies(ReportRow.FIELDS - 1, "").stream())
                .collect(Collectors.toList());
        return ReportRow.read(fields).orElseThrow();
    }

    @Test
    void aDayHasNoMoreThanItsRows() throws Exception {
        ReportCounts counts = new ReportCounts(folder);
        int domains = ReportCounts.MOST_OF_A_DAY / ReportCounts.MOST_ROWS;
        List<ReportRow> rows = IntStream.range(0, ReportCounts.MOST_ROWS)
                .mapToObj(ReportCountsTest::row)
                .collect(Collectors.toList());
        for (int i = 0; i < domains; i++) {
            for (ReportRow row : rows) {
                counts.count(DAY, "d" + i + ".example", row);
            }
        }
        counts.count(DAY, "one-more.example", rows.get(0));
        counts.count(DAY, "d0.example", rows.get(0));

        Map<String, Map<ReportRow, Long>> day = counts.before(DAY.plusDays(1)).get(DAY);
        assertThat(day.values().stream().mapToInt(Map::size).sum()).isEqualTo(ReportCounts.MOST_OF_A_DAY);
        assertThat(day).doesNotContainKey("one-more.example");
        assertThat(day.get("d0.example")).containsEntry(rows.get(0), 2L);
    }
}
