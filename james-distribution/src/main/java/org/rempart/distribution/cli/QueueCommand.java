/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Mail at rest: in every queue, and in every repository of mail that was kept. */
@Command(
        name = "queue",
        description = "Look at mail at rest, in queues and in repositories (error, relay-denied, …), and move it on.")
final class QueueCommand extends Group {
    private static final String MAILS = "/rempart/mails";
    private static final int LARGEST_PAGE = 1000;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    QueueCommand(Home home) {
        super(home);
    }

    /** Which mails. */
    static final class Filter {
        @Option(
                names = "--queue",
                paramLabel = "NAME",
                description = "in this queue or repository, as rempart queue counts names them")
        private String place;

        @Option(names = "--sender", paramLabel = "ADDRESS", description = "of this envelope sender; <> for none")
        private String sender;

        @Option(names = "--recipient", paramLabel = "ADDRESS", description = "to this envelope recipient")
        private String recipient;

        @Option(names = "--account", paramLabel = "ACCOUNT", description = "that this account submitted")
        private String account;

        @Option(names = "--held", description = "that are held")
        private boolean held;

        @Option(
                names = "--older-than",
                paramLabel = "AGE",
                converter = Age.class,
                description = "that came longer ago: 90s, 30m, 2h, 5d")
        private Duration olderThan;

        private List<String> parameters() {
            List<String> parameters = new ArrayList<>();
            add(parameters, "place", place);
            add(parameters, "sender", sender);
            add(parameters, "recipient", recipient);
            add(parameters, "account", account);
            add(parameters, "held", held ? "true" : null);
            add(parameters, "olderThan", olderThan == null ? null : olderThan.toString());
            return parameters;
        }

        private static void add(List<String> parameters, String name, String value) {
            if (value != null) {
                parameters.add(name + "=" + WebAdminClient.encoded(value));
            }
        }
    }

    /** The mails to be changed: some, those of a filter, or all. */
    static final class Selection {
        @Parameters(paramLabel = "ID", arity = "0..*", description = "the mails of these ids")
        private List<String> ids = List.of();

        @Option(names = "--all", description = "all mails, where neither ids nor a filter are given")
        private boolean all;

        @Mixin
        private Filter filter;
    }

    /** Spans of time, with a unit. */
    static final class Age implements ITypeConverter<Duration> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,6})([smhd])");

        @Override
        public Duration convert(String text) {
            Matcher matcher = FORM.matcher(text.toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new TypeConversionException("\"" + text + "\" is no age; write 90s, 30m, 2h or 5d");
            }
            long number = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        }
    }

    // ---- looking

    /** Lists mails. */
    @Command(description = "List mails, in the order in which they came.")
    int list(
            @Mixin Filter filter,
            @Option(
                            names = "--limit",
                            defaultValue = "1000",
                            description = "at most so many; ${DEFAULT-VALUE} if not given")
                    int limit,
            @Option(
                            names = "--after",
                            defaultValue = "0",
                            paramLabel = "ID",
                            description = "only those behind this one")
                    long after,
            @Option(names = "--json", description = "as JSON") boolean json)
            throws IOException, InterruptedException {
        List<JsonNode> mails = new ArrayList<>();
        JsonNode next = LongNode.valueOf(after);
        while (next.isNumber() && mails.size() < limit) {
            List<String> parameters = filter.parameters();
            parameters.add("limit=" + Math.min(LARGEST_PAGE, limit - mails.size()));
            parameters.add("after=" + next.asLong());
            JsonNode page = server().get(MAILS + "?" + String.join("&", parameters));
            page.path("mails").forEach(mails::add);
            next = page.path("next");
        }
        if (json) {
            printJson(mails);
            return 0;
        }
        Instant now = Clock.systemUTC().instant();
        mails.forEach(mail -> print(mail, now));
        if (mails.isEmpty()) {
            out().println("No mail.");
        } else if (next.isNumber()) {
            out().println("There are more; go on with --after " + next.asLong() + ".");
        }
        out().flush();
        return 0;
    }

    private void print(JsonNode mail, Instant now) {
        List<String> recipients = new ArrayList<>();
        mail.path("recipients").forEach(recipient -> recipients.add(recipient.asText()));
        out().printf(
                        "%s  %s  %s  %s  from %s to %s%n",
                        plain(mail.path("id").asText()),
                        plain(mail.path("place").asText()),
                        state(mail, now),
                        age(mail.path("arrived").asText(), now),
                        plain(mail.path("sender").asText("")),
                        plain(shortened(recipients)));
        String error = mail.path("lastError").asText("");
        if (!error.isEmpty() && !mail.path("lastError").isNull()) {
            out().printf("    %s%n", plain(error.lines().findFirst().orElse("")));
        }
    }

    private static String shortened(List<String> recipients) {
        int shown = Math.min(3, recipients.size());
        String first = String.join(", ", recipients.subList(0, shown));
        return recipients.size() > shown ? first + " and " + (recipients.size() - shown) + " more" : first;
    }

    private static String state(JsonNode mail, Instant now) {
        if (mail.path("held").asBoolean()) {
            return "held";
        }
        if (mail.path("inFlight").asBoolean()) {
            return "on its way";
        }
        if (mail.path("kind").asText().equals("repository")) {
            return "kept";
        }
        String next = mail.path("nextTry").asText("");
        try {
            Duration wait = Duration.between(now, Instant.parse(next));
            return wait.isNegative() || wait.isZero() ? "due" : "next in " + span(wait);
        } catch (DateTimeParseException none) {
            return "due";
        }
    }

    private static String age(String arrived, Instant now) {
        try {
            return span(Duration.between(Instant.parse(arrived), now)) + " old";
        } catch (DateTimeParseException unknown) {
            return "of unknown age";
        }
    }

    private static String span(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds < 120) {
            return seconds + "s";
        }
        if (seconds < 2 * 3600) {
            return seconds / 60 + "m";
        }
        return seconds < 2 * 86_400 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
    }

    /** Shows one. */
    @Command(description = "Show a mail: its envelope, its tries, its last error, its header.")
    int show(
            @Parameters(paramLabel = "ID", description = "as rempart queue list shows it") String id,
            @Option(names = "--message", description = "print the message itself, byte for byte, and nothing else")
                    boolean message,
            @Option(names = "--json", description = "as JSON") boolean json)
            throws IOException, InterruptedException {
        String path = MAILS + "/" + WebAdminClient.encoded(id);
        if (message) {
            // The bytes as they are: not through the writer, which would take them for text.
            PrintStream bytes = System.out;
            bytes.write(server().patient(PATIENCE).getBytes(path + "/message"));
            bytes.flush();
            return 0;
        }
        JsonNode mail = server().get(path);
        if (json) {
            printJson(mail);
            return 0;
        }
        mail.properties().forEach(field -> {
            JsonNode value = field.getValue();
            if (field.getKey().equals("header") || value.isNull()) {
                return;
            }
            if (value.isArray()) {
                value.forEach(item -> line(field.getKey(), item.isContainerNode() ? item.toString() : item.asText()));
            } else if (value.isObject()) {
                value.properties()
                        .forEach(inner -> line(
                                field.getKey() + "." + inner.getKey(),
                                inner.getValue().isContainerNode()
                                        ? inner.getValue().toString()
                                        : inner.getValue().asText()));
            } else {
                line(field.getKey(), value.asText());
            }
        });
        out().println();
        mail.path("header").asText("").lines().forEach(line -> out().println(plain(line.replace('\t', ' '))));
        out().flush();
        return 0;
    }

    private void line(String name, String value) {
        value.lines().forEach(line -> out().printf("%-14s %s%n", name, plain(line.replace('\t', ' '))));
    }

    /** Counts. */
    @Command(description = "Count the mails of each queue and repository.")
    int counts(@Option(names = "--json", description = "as JSON") boolean json)
            throws IOException, InterruptedException {
        JsonNode counts = server().get(MAILS + "/counts");
        if (json) {
            printJson(counts);
            return 0;
        }
        Instant now = Clock.systemUTC().instant();
        for (JsonNode place : counts) {
            String oldest = place.path("oldest").asText("");
            out().printf(
                            "%-32s %8d mails %8d held  %s%n",
                            place.path("place").asText(),
                            place.path("mails").asLong(),
                            place.path("held").asLong(),
                            place.path("mails").asLong() == 0 || oldest.isEmpty() ? "" : "oldest " + age(oldest, now));
        }
        out().flush();
        return 0;
    }

    // ---- changing

    /** Makes mails due. */
    @Command(description = "Try delayed mails now.")
    int flush(@Mixin Selection selection) throws IOException, InterruptedException {
        return change("flush", selection, "are tried now");
    }

    /** Holds mails. */
    @Command(description = "Hold mails: they stay where they are until they are released.")
    int hold(@Mixin Selection selection) throws IOException, InterruptedException {
        return change("hold", selection, "are held");
    }

    /** Releases mails. */
    @Command(description = "Let held mails go on.")
    int release(@Mixin Selection selection) throws IOException, InterruptedException {
        return change("release", selection, "go on");
    }

    /** Deletes mails. */
    @Command(description = "Delete mails. Nobody is told: neither the sender nor the recipients.")
    int delete(@Mixin Selection selection, @Option(names = "--yes", description = "do not ask") boolean yes)
            throws IOException, InterruptedException {
        requireSelection(selection);
        if (!yes && !Terminal.agrees("Delete " + named(selection) + "?")) {
            throw new IOException("nothing is deleted; say --yes if you mean it");
        }
        return change("delete", selection, "are deleted");
    }

    private static String named(Selection selection) {
        if (!selection.ids.isEmpty()) {
            return selection.ids.size() == 1 ? "the mail " + selection.ids.get(0) : selection.ids.size() + " mails";
        }
        return selection.all ? "ALL mails at rest" : "all mails that the filter chooses";
    }

    private int change(String action, Selection selection, String done) throws IOException, InterruptedException {
        requireSelection(selection);
        List<String> parameters = selection.filter.parameters();
        selection.ids.forEach(id -> parameters.add("id=" + WebAdminClient.encoded(id)));
        if (selection.all) {
            parameters.add("all=true");
        }
        JsonNode answer =
                server().patient(PATIENCE).post(MAILS + "/" + action + "?" + String.join("&", parameters), "");
        long changed = answer.path("changed").asLong();
        out().println(changed + " mails " + done + ".");
        return changed < selection.ids.size() ? 1 : 0;
    }

    /** A slip of the finger must not change everything. */
    private void requireSelection(Selection selection) {
        boolean filtered = !selection.filter.parameters().isEmpty();
        if (selection.ids.isEmpty() && !filtered && !selection.all) {
            throw new ParameterException(command(), "which mails? name their ids, a filter, or --all");
        }
        if (!selection.ids.isEmpty() && (filtered || selection.all)) {
            throw new ParameterException(command(), "name either ids, or a filter, or --all");
        }
        if (filtered && selection.all) {
            throw new ParameterException(command(), "--all and a filter exclude each other");
        }
    }
}
