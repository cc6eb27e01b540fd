/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.rempart.it.fire.MailboxTruth.Before;

/**
 * A client that does all that clients do with mailboxes, in any order, with others at the same mailboxes, and checks each
 * answer against its own view (RFC 3501, sections 7.3.1 and 7.4.1) and against what all of them know.
 */
final class BusyClient implements Callable<Map<String, AtomicInteger>> {
    private static final Pattern NUMBERED = Pattern.compile("(\\d+) (EXISTS|EXPUNGE|FETCH)(.*)", Pattern.DOTALL);
    private static final Pattern UID = Pattern.compile("\\bUID (\\d+)");
    private static final Pattern SUBJECT = Pattern.compile("Subject: (\\S+)");
    private static final Pattern APPENDUID = Pattern.compile("\\[APPENDUID (\\d+) (\\d+)]");
    private static final Pattern COPYUID = Pattern.compile("\\[COPYUID (\\d+) ([0-9:,]+) ([0-9:,]+)]");
    private static final List<String> FLAGS = List.of("\\Seen", "\\Flagged", "\\Deleted", "$Own", "\\Answered");
    private static final List<String> KEYS =
            List.of("ALL", "UNSEEN", "DELETED", "FLAGGED", "KEYWORD $Own", "NOT SEEN", "SUBJECT s1", "1:3", "RECENT");
    private static final List<String> PASSING = List.of("p1", "p2", "p3", "p1.sub", "p2.sub");

    private final FireServer server;
    private final String account;
    private final List<MailboxTruth> mailboxes;
    private final Duration bound;
    private final int commands;
    private final Random random;
    private final String name;
    private final Map<String, AtomicInteger> counts = new ConcurrentSkipListMap<>();

    private ImapWire wire;
    private MailboxTruth selected;
    private boolean passing;
    private int messages;
    /** The UID of each message in the order of their numbers; 0 while it isn't known. */
    private List<Long> view = List.of();

    BusyClient(
            FireServer server,
            String account,
            List<MailboxTruth> mailboxes,
            Duration bound,
            int commands,
            String name,
            long seed) {
        this.server = server;
        this.account = account;
        this.mailboxes = mailboxes;
        this.bound = bound;
        this.commands = commands;
        this.name = name;
        this.random = new Random(seed);
    }

    /** Does its commands; what it returns is how often each came, and how long the slowest took. */
    @Override
    public Map<String, AtomicInteger> call() throws Exception {
        try {
            for (int i = 0; i < commands; i++) {
                if (wire == null) {
                    connect();
                }
                next();
            }
            return counts;
        } catch (IOException | AssertionError fault) {
            throw new AssertionError(
                    name + " at " + (selected == null ? "no mailbox" : selected.name()) + ": " + fault.getMessage(),
                    fault);
        } finally {
            if (wire != null) {
                wire.close();
            }
        }
    }

    private void connect() throws IOException {
        wire = new ImapWire(server.variant().imaps(), server.tls(), bound);
        expect(wire.command("LOGIN " + account + " " + server.password()), "LOGIN");
        selected = null;
        passing = false;
    }

    private void next() throws IOException {
        int kind = random.nextInt(100);
        if (kind < 5) {
            passing();
        } else if (kind < 7) {
            breakOff();
        } else if (kind < 22) {
            append();
        } else if (kind < 30) {
            status();
        } else if (selected == null || kind < 42) {
            select(any(mailboxes));
        } else if (passing) {
            // What the server says of a mailbox that others delete and rename need not be OK.
            answered(run(any(List.of("NOOP", "UID SEARCH ALL", "UID FETCH 1:* (FLAGS)", "EXPUNGE"))));
            select(any(mailboxes));
        } else if (kind < 50) {
            copy();
        } else if (kind < 56) {
            move();
        } else if (kind < 70) {
            store();
        } else if (kind < 76) {
            expect(run("EXPUNGE"), "EXPUNGE");
        } else if (kind < 84) {
            search();
        } else if (kind < 92) {
            fetch();
        } else if (kind < 95) {
            idle();
        } else if (kind < 97) {
            expect(run("CLOSE"), "CLOSE");
            selected = null;
        } else {
            expect(run(any(List.of("NOOP", "CHECK", "LIST \"\" *"))), "NOOP");
        }
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Sends a command, waits for its answer, and follows what it says of the selected mailbox. */
    private ImapWire.Answer run(String command) throws IOException {
        String mark = wire.send(command);
        long sent = System.nanoTime();
        ImapWire.Answer answer = wire.answer(mark, command);
        String verb = command.startsWith("UID ") ? command.substring(4) : command;
        count(verb.split(" ", 2)[0]);
        slowest(Duration.ofNanos(System.nanoTime() - sent));
        follow(answer.lines(), command);
        return answer;
    }

    private void count(String what) {
        counts.computeIfAbsent(what, any -> new AtomicInteger()).incrementAndGet();
    }

    private void slowest(Duration time) {
        counts.computeIfAbsent("slowest ms", any -> new AtomicInteger())
                .accumulateAndGet((int) time.toMillis(), Math::max);
    }

    private void follow(List<String> lines, String command) {
        boolean keepsNumbers = Stream.of("FETCH", "STORE", "SEARCH").anyMatch(command::startsWith);
        for (String line : lines) {
            Matcher numbered = NUMBERED.matcher(line);
            if (selected == null || passing || !numbered.matches()) {
                continue;
            }
            int number = Integer.parseInt(numbered.group(1));
            switch (numbered.group(2)) {
                case "EXISTS" -> exists(number);
                case "EXPUNGE" -> {
                    check(!keepsNumbers, "%s renumbers: %s", command, line);
                    expunged(number);
                }
                default -> fetched(number, numbered.group(3), command);
            }
        }
    }

    private void exists(int number) {
        check(number >= view.size(), "%d EXISTS, of %d", number, view.size());
        while (view.size() < number) {
            view.add(0L);
        }
    }

    private void expunged(int number) {
        check(number >= 1 && number <= view.size(), "%d EXPUNGE, of %d", number, view.size());
        long uid = view.remove(number - 1);
        if (uid != 0) {
            selected.gone(uid);
        }
    }

    private void fetched(int number, String data, String command) {
        check(number >= 1 && number <= view.size(), "%d FETCH, of %d, by %s", number, view.size(), command);
        Matcher uid = UID.matcher(data);
        if (!uid.find()) {
            return;
        }
        long found = Long.parseLong(uid.group(1));
        long known = view.get(number - 1);
        check(known == 0 || known == found, "message %d had UID %d, and has %d", number, known, found);
        long before = view.subList(0, number - 1).stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
        long after = view.subList(number, view.size()).stream()
                .mapToLong(Long::longValue)
                .filter(other -> other != 0)
                .min()
                .orElse(Long.MAX_VALUE);
        check(
                before < found && found < after,
                "message %d has UID %d, between %d and %d",
                number,
                found,
                before,
                after);
        view.set(number - 1, found);
        Matcher subject = SUBJECT.matcher(data);
        String expected = selected.subject(found);
        if (subject.find() && expected != null) {
            check(subject.group(1).equals(expected), "UID %d is %s, and not %s", found, subject.group(1), expected);
        }
    }

    private void select(MailboxTruth mailbox) throws IOException {
        Before before = mailbox.before();
        // It is left by a SELECT, whatever that answers.
        selected = null;
        passing = false;
        view = new ArrayList<>();
        ImapWire.Answer answer = run("SELECT " + mailbox.name());
        expect(answer, "SELECT");
        selected = mailbox;
        follow(answer.lines(), "SELECT");
        String all = String.join("\n", answer.lines());
        mailbox.validity(number("UIDVALIDITY (\\d+)", all));
        mailbox.next(number("UIDNEXT (\\d+)", all), before);
        if (!view.isEmpty()) {
            expect(run("FETCH 1:* (UID FLAGS)"), "FETCH");
            view.stream().filter(uid -> uid != 0).forEach(uid -> mailbox.seen(uid, before));
        }
    }

    private void status() throws IOException {
        MailboxTruth mailbox = any(mailboxes);
        Before before = mailbox.before();
        ImapWire.Answer answer = run("STATUS " + mailbox.name() + " (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)");
        expect(answer, "STATUS");
        String all = String.join("\n", answer.lines());
        mailbox.next(number("UIDNEXT (\\d+)", all), before);
        mailbox.validity(number("UIDVALIDITY (\\d+)", all));
        check(
                number("UNSEEN (\\d+)", all) <= number("MESSAGES (\\d+)", all),
                "more messages are unseen than there are: %s",
                all);
    }

    private String subject() {
        return "s" + random.nextInt(10) + "-" + name + "-" + messages++;
    }

    private String appending(MailboxTruth mailbox, String subject) {
        String message =
                "From: <a@example.com>\r\nSubject: " + subject + "\r\n\r\n" + "x".repeat(random.nextInt(4000)) + "\r\n";
        String flag = any(List.of("", "\\Seen", "$Own", "\\Flagged"));
        return "APPEND " + mailbox.name() + " (" + flag + ") {" + message.length() + "+}\r\n" + message;
    }

    private void append() throws IOException {
        MailboxTruth mailbox = any(mailboxes);
        String subject = subject();
        Before before = mailbox.before();
        ImapWire.Answer answer = run(appending(mailbox, subject));
        expect(answer, "APPEND");
        Matcher uid = APPENDUID.matcher(answer.status());
        check(uid.find(), "APPEND does not tell the UID: %s", answer.status());
        mailbox.arrived(Long.parseLong(uid.group(2)), subject, before);
    }

    /** One to three messages of the selected mailbox. */
    private List<Long> some() {
        List<Long> known = view.stream().filter(uid -> uid != 0).toList();
        return known.isEmpty()
                ? List.of()
                : Stream.generate(() -> any(known))
                        .limit(1 + random.nextInt(3))
                        .distinct()
                        .sorted()
                        .toList();
    }

    private static String set(List<Long> uids) {
        return String.join(",", uids.stream().map(String::valueOf).toList());
    }

    private void copy() throws IOException {
        List<Long> uids = some();
        if (!uids.isEmpty()) {
            MailboxTruth target = any(mailboxes);
            Before before = target.before();
            ImapWire.Answer answer = run("UID COPY " + set(uids) + " " + target.name());
            // Others may have expunged what is to be copied.
            answered(answer);
            if (answer.ok()) {
                copied(answer, target, before);
            }
        }
    }

    private void move() throws IOException {
        List<Long> uids = some();
        MailboxTruth target = any(mailboxes);
        if (!uids.isEmpty() && target != selected) {
            Before before = target.before();
            selected.doom(uids);
            ImapWire.Answer answer = run("UID MOVE " + set(uids) + " " + target.name());
            answered(answer);
            if (answer.ok()) {
                copied(answer, target, before).forEach(selected::gone);
            }
        }
    }

    /** @return the UIDs of the originals */
    private List<Long> copied(ImapWire.Answer answer, MailboxTruth target, Before before) {
        Matcher told = COPYUID.matcher(String.join("\n", answer.lines()) + "\n" + answer.status());
        if (!told.find()) {
            return List.of();
        }
        target.validity(Long.parseLong(told.group(1)));
        List<Long> originals = numbers(told.group(2));
        List<Long> copies = numbers(told.group(3));
        if (originals.size() != copies.size()) {
            // James tells all that were asked for, though others have expunged some of them.
            target.unanswered(copies.size());
            copies.forEach(copy -> target.doom(List.of(copy)));
            return List.of();
        }
        for (int i = 0; i < copies.size(); i++) {
            String subject = selected.subject(originals.get(i));
            // A copy has the flags of the original (RFC 3501, section 6.4.7), which nobody knows of one that nobody was
            // told of.
            if (subject == null || selected.isDoomed(originals.get(i))) {
                target.doom(List.of(copies.get(i)));
            }
            if (subject != null) {
                target.arrived(copies.get(i), subject, before);
            } else {
                target.unanswered(1);
            }
        }
        return originals;
    }

    private static List<Long> numbers(String set) {
        return Stream.of(set.split(",", -1))
                .flatMapToLong(part -> {
                    String[] ends = part.split(":", -1);
                    return LongStream.rangeClosed(Long.parseLong(ends[0]), Long.parseLong(ends[ends.length - 1]));
                })
                .boxed()
                .toList();
    }

    private String storing(List<Long> uids) {
        String flag = any(FLAGS);
        String change = any(List.of("+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT"));
        if (flag.equals("\\Deleted") && !change.startsWith("-")) {
            selected.doom(uids);
        }
        return change + " (" + flag + ")";
    }

    private void store() throws IOException {
        List<Long> uids = some();
        if (!uids.isEmpty()) {
            int number = view.indexOf(uids.get(0)) + 1;
            boolean byNumber = random.nextInt(3) == 0;
            List<Long> changed = byNumber ? uids.subList(0, 1) : uids;
            expect(run((byNumber ? "STORE " + number : "UID STORE " + set(uids)) + " " + storing(changed)), "STORE");
        }
    }

    private void search() throws IOException {
        boolean byNumber = random.nextBoolean();
        ImapWire.Answer answer = run((byNumber ? "" : "UID ") + "SEARCH " + any(KEYS));
        expect(answer, "SEARCH");
        for (String line : answer.lines()) {
            if (line.startsWith("SEARCH") && byNumber) {
                for (String number : line.substring(6).trim().split(" ", -1)) {
                    check(
                            number.isEmpty() || Integer.parseInt(number) <= view.size(),
                            "SEARCH finds message %s, of %d",
                            number,
                            view.size());
                }
            }
        }
    }

    private void fetch() throws IOException {
        if (view.isEmpty()) {
            return;
        }
        if (random.nextBoolean()) {
            expect(run("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"), "FETCH");
        } else {
            List<Long> uids = some();
            if (!uids.isEmpty()) {
                expect(run("UID FETCH " + set(uids) + " (FLAGS BODY.PEEK[])"), "FETCH");
            }
        }
    }

    private void idle() throws IOException {
        String mark = wire.send("IDLE");
        List<String> told = new ArrayList<>();
        String line = wire.line();
        while (!line.startsWith("+")) {
            told.add(line.startsWith("* ") ? line.substring(2) : line);
            line = wire.line();
        }
        // Others change the mailbox in the meantime: how much is chance.
        pause(random.nextInt(30));
        wire.sendLine("DONE");
        long sent = System.nanoTime();
        ImapWire.Answer answer = wire.answer(mark, "IDLE");
        slowest(Duration.ofNanos(System.nanoTime() - sent));
        told.addAll(answer.lines());
        count("IDLE");
        follow(told, "IDLE");
        expect(answer, "IDLE");
    }

    /** Mailboxes that come and go, each of which some client may have selected. */
    private void passing() throws IOException {
        String mailbox = any(PASSING);
        switch (random.nextInt(5)) {
            case 0 -> answered(run("RENAME " + mailbox + " " + any(PASSING)));
            case 1 -> answered(run("DELETE " + mailbox));
            case 2 -> {
                String message = "Subject: passing\r\n\r\n";
                answered(run("APPEND " + mailbox + " {" + message.length() + "+}\r\n" + message));
            }
            case 3 -> {
                selected = null;
                view = new ArrayList<>();
                ImapWire.Answer answer = run("SELECT " + mailbox);
                answered(answer);
                if (answer.ok()) {
                    selected = new MailboxTruth(mailbox);
                    passing = true;
                }
            }
            default -> answered(run("CREATE " + mailbox));
        }
    }

    /** Cuts the connection right after a command. */
    private void breakOff() throws IOException {
        MailboxTruth mailbox = any(mailboxes);
        List<Long> uids = selected == null || passing ? List.of() : some();
        int kind = random.nextInt(4);
        if (uids.isEmpty() || kind == 0) {
            mailbox.unanswered(1);
            wire.send(appending(mailbox, subject()));
        } else if (kind == 1) {
            mailbox.unanswered(uids.size());
            wire.send("UID COPY " + set(uids) + " " + mailbox.name());
        } else if (kind == 2) {
            wire.send("UID STORE " + set(uids) + " " + storing(uids));
        } else {
            wire.send("FETCH 1:* (UID FLAGS BODY.PEEK[])");
        }
        pause(random.nextInt(5));
        wire.close();
        wire = null;
        count("cut");
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static long number(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        check(matcher.find(), "no %s in %s", pattern, text);
        return Long.parseLong(matcher.group(1));
    }

    private void expect(ImapWire.Answer answer, String command) {
        check(answer.ok(), "%s is answered %s, after %s", command, answer.status(), answer.lines());
    }

    private void answered(ImapWire.Answer answer) {
        check(!answer.status().startsWith("BAD"), "%s", answer.status());
        if (!answer.ok()) {
            count(answer.status());
        }
    }

    private static void check(boolean right, String fault, Object... values) {
        if (!right) {
            throw new AssertionError(String.format(fault, Stream.of(values).toArray()));
        }
    }
}
