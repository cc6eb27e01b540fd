/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rempart.message.proof.Evaluation;

/**
 * What a report says of a mail, without what tells one mail from another: equal rows are counted together. It is a list of
 * texts, in which it is kept, too. Immutable.
 */
final class ReportRow {
    /** Besides the three of each signature. */
    static final int FIELDS = 15;

    private final List<String> fields;

    private ReportRow(List<String> fields) {
        this.fields = List.copyOf(fields);
    }

    /**
     * A row.
     *
     * @param disposition what became of the mail: {@code none}, {@code quarantine} or {@code reject}
     * @param override why that is not what the domain asks for; empty where it is
     * @param sender the domain of the envelope sender; empty for a null sender
     */
    static ReportRow of(InetAddress client, String disposition, String override, String sender, Evaluation evaluation) {
        List<String> fields = new ArrayList<>();
        fields.add(client.getHostAddress().replaceFirst("%.*", ""));
        fields.add(disposition);
        fields.add(override);
        fields.add(sender.replaceAll("[^!-~]", "?"));
        fields.add(evaluation.from());
        fields.add(String.valueOf(evaluation.dkim()));
        fields.add(String.valueOf(evaluation.spf()));
        for (String tag : List.of("adkim", "aspf", "p", "sp", "pct")) {
            fields.add(evaluation.published().get(tag));
        }
        fields.addAll(evaluation.spfCheck().isEmpty() ? List.of("", "", "") : evaluation.spfCheck());
        evaluation.signatures().forEach(fields::addAll);
        return new ReportRow(fields);
    }

    /** A row that was kept; empty where it is none. */
    static Optional<ReportRow> read(List<String> fields) {
        return fields.size() < FIELDS || (fields.size() - FIELDS) % 3 != 0
                ? Optional.empty()
                : Optional.of(new ReportRow(fields));
    }

    List<String> fields() {
        return fields;
    }

    String client() {
        return fields.get(0);
    }

    String disposition() {
        return fields.get(1);
    }

    String override() {
        return fields.get(2);
    }

    String sender() {
        return fields.get(3);
    }

    String from() {
        return fields.get(4);
    }

    boolean dkim() {
        return Boolean.parseBoolean(fields.get(5));
    }

    boolean spf() {
        return Boolean.parseBoolean(fields.get(6));
    }

    /** What the record said: {@code adkim}, {@code aspf}, {@code p}, {@code sp}, {@code pct}. */
    List<String> published() {
        return fields.subList(7, 12);
    }

    /** Scope, domain and result of SPF; empty texts where it was not asked. */
    List<String> spfCheck() {
        return fields.subList(12, FIELDS);
    }

    /** Domain, selector and result of each signature, one behind the other. */
    List<String> signatures() {
        return fields.subList(FIELDS, fields.size());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ReportRow && fields.equals(((ReportRow) other).fields);
    }

    @Override
    public int hashCode() {
        return fields.hashCode();
    }
}
