/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.rempart.harden.check.Check;
import org.rempart.harden.folder.ConfFolder;
import org.rempart.harden.plan.Plan;
import org.rempart.harden.plan.Site;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.Note;
import org.rempart.harden.text.UnifiedDiff;
import org.rempart.harden.text.UnreadableException;

/** The commands {@code harden}, {@code check}, {@code accounts} and {@code queue}. The last line that they print says what came of it. */
public final class Command {
    /** Done, or all is well. */
    public static final int FINE = 0;

    /** The check found something to mend. */
    public static final int FINDINGS = 1;

    /** The command is none. */
    public static final int USAGE = 2;

    /** A file can't be read, or not be written (EX_CONFIG of sysexits). */
    public static final int UNREADABLE = 78;

    private static final String HELP = String.join(
            "\n",
            "java -jar rempart-james-VERSION.jar harden CONF-FOLDER [--host NAME]          shows what would change, as"
                    + " a diff",
            "java -jar rempart-james-VERSION.jar harden CONF-FOLDER [--host NAME] --apply  changes it; the files as"
                    + " they were are in before-rempart/",
            "java -jar rempart-james-VERSION.jar harden CONF-FOLDER --undo                 brings them back",
            "java -jar rempart-james-VERSION.jar check CONF-FOLDER                         says what is missing, void"
                    + " or open",
            "java -jar rempart-james-VERSION.jar accounts release ACCOUNT [--folder DIR]   lets a held account send"
                    + " again, known nowhere as at first;",
            "                                                                              DIR is the folder that"
                    + " James runs in",
            "java -jar rempart-james-VERSION.jar accounts hold ACCOUNT [REASON] [--folder DIR]",
            "java -jar rempart-james-VERSION.jar queue hold|release|flush|delete KEY|--all [--queue NAME] [--folder"
                    + " DIR]",
            "                                                                              changes mail that waits for"
                    + " its next try, where <delayedMail> keeps it",
            "Exit codes: 0 done, or all is well; 1 check found something, or no such mail waits; 2 no such command; 78"
                    + " a file can't be read or written.");

    private final PrintStream out;
    private final PrintStream err;
    private final Duration patience;

    /** @param patience how long a running server is waited for */
    public Command(PrintStream out, PrintStream err, Duration patience) {
        this.out = out;
        this.err = err;
        this.patience = patience;
    }

    /**
     * Does what is asked.
     *
     * @return the exit code
     */
    public int run(String... arguments) {
        List<String> words = new ArrayList<>(List.of(arguments));
        if (words.equals(List.of("--help")) || words.equals(List.of("help"))) {
            out.println(HELP);
            return FINE;
        }
        if (!words.isEmpty() && words.get(0).equals("accounts")) {
            return accounts(words.subList(1, words.size()));
        }
        if (!words.isEmpty() && words.get(0).equals("queue")) {
            return queue(words.subList(1, words.size()));
        }
        Optional<String> host = Optional.empty();
        int option = words.indexOf("--host");
        if (option >= 0 && option + 1 < words.size()) {
            host = Optional.of(words.remove(option + 1));
            words.remove(option);
        }
        boolean apply = words.remove("--apply");
        boolean undo = words.remove("--undo");
        String command = words.isEmpty() ? "" : words.get(0);
        boolean known = command.equals("harden") || (command.equals("check") && !apply && !undo);
        if (!known || words.size() != 2 || words.get(1).startsWith("--") || (apply && undo)) {
            return usage(
                    "write: harden CONF-FOLDER [--host NAME] [--apply|--undo], or: check CONF-FOLDER, or: accounts,"
                            + " or: queue");
        }
        if (host.isPresent() && !Site.isHost(host.get())) {
            return usage("--host " + host.get() + ": this is not the public name of a host, such as mail.example.com");
        }
        try {
            ConfFolder folder = ConfFolder.of(Path.of(words.get(1)));
            if (command.equals("check")) {
                return check(folder, host);
            }
            return undo ? undo(folder) : harden(folder, host, apply);
        } catch (UnreadableException | InvalidPathException fault) {
            err.println(fault.getMessage());
            return UNREADABLE;
        } catch (IOException fault) {
            err.println("Not done, since a file can't be written: " + fault);
            return UNREADABLE;
        }
    }

    private int usage(String fault) {
        err.println(HELP);
        err.println(fault);
        return USAGE;
    }

    private static Optional<String> option(List<String> words, String name) {
        int at = words.indexOf(name);
        if (at < 0 || at + 1 >= words.size()) {
            return Optional.empty();
        }
        words.remove(at);
        return Optional.of(words.remove(at));
    }

    private int queue(List<String> words) {
        Path folder = Path.of(option(words, "--folder").orElse(""));
        String queue = option(words, "--queue").orElse("outgoing");
        words.replaceAll(word -> word.equals("--all") ? DelayedMail.ALL : word);
        if (words.size() != 2
                || !DelayedMail.ACTIONS.contains(words.get(0))
                || !isWord(words.get(1))
                || words.get(1).contains(" ")) {
            return usage(
                    "write: queue hold|release|flush|delete KEY, or --all, and --queue NAME, --folder DIR with either");
        }
        try {
            OrderFile order = DelayedMail.of(folder, queue).order(words.get(0), words.get(1));
            boolean done = order.isDone(patience);
            if (order.isRefused()) {
                err.println("No mail of this key waits, or a server hands it on just now.");
                return FINDINGS;
            }
            out.println(done ? "Done." : "It is done as soon as the server starts.");
            return FINE;
        } catch (UnreadableException fault) {
            err.println(fault.getMessage());
            return UNREADABLE;
        } catch (IOException fault) {
            err.println("Not done, since a file can't be written: " + fault);
            return UNREADABLE;
        }
    }

    private int accounts(List<String> words) {
        Path folder = Path.of(option(words, "--folder").orElse(""));
        boolean release = words.size() == 2 && words.get(0).equals("release");
        boolean hold = words.size() >= 2 && words.size() <= 3 && words.get(0).equals("hold");
        if ((!release && !hold)
                || !words.stream().allMatch(Command::isWord)
                || words.get(1).contains(" ")) {
            return usage("write: accounts release ACCOUNT, or: accounts hold ACCOUNT [REASON], and --folder DIR with"
                    + " either");
        }
        String account = words.get(1);
        try {
            Accounts accounts = Accounts.of(folder, patience);
            String reason = words.size() == 3 ? words.get(2) : "";
            boolean done = release ? accounts.release(account) : accounts.hold(account, reason);
            String what = release ? " may send again" : " is held";
            out.println(
                    done
                            ? account + what + "."
                            : account + what + " as soon as the server starts, or is asked about an account.");
            return FINE;
        } catch (UnreadableException fault) {
            err.println(fault.getMessage());
            return UNREADABLE;
        } catch (IOException fault) {
            err.println("Not done, since a file can't be written: " + fault);
            return UNREADABLE;
        }
    }

    private static boolean isWord(String word) {
        return !word.isBlank()
                && !word.startsWith("--")
                && word.length() <= 300
                && word.chars().noneMatch(Character::isISOControl);
    }

    private int check(ConfFolder folder, Optional<String> host) throws UnreadableException {
        List<String> findings = Check.of(folder.read(), host);
        findings.forEach(out::println);
        out.println(findings.isEmpty() ? "Nothing is missing, void or open." : findings.size() + " to mend.");
        return findings.isEmpty() ? FINE : FINDINGS;
    }

    private int undo(ConfFolder folder) throws UnreadableException, IOException {
        List<String> names = folder.undo();
        out.println("As before Rempart: " + String.join(", ", names) + ". What was changed since is in "
                + ConfFolder.LATER + "/, if anything was.");
        return FINE;
    }

    private int harden(ConfFolder folder, Optional<String> host, boolean apply)
            throws UnreadableException, IOException {
        List<Draft> drafts = Plan.of(folder.read(), host).drafts();
        List<Draft> changing = drafts.stream().filter(Draft::changes).collect(Collectors.toList());
        List<Note> notes =
                drafts.stream().flatMap(draft -> draft.notes().stream()).collect(Collectors.toList());
        changing.forEach(draft -> out.print(UnifiedDiff.of(draft)));
        if (!notes.isEmpty()) {
            out.println("What is left for a person to write:");
            notes.forEach(out::println);
        }
        if (changing.isEmpty()) {
            out.println("Nothing to change: it is hardened.");
            return FINE;
        }
        String files = changing.stream().map(Draft::name).collect(Collectors.joining(", "));
        if (!apply) {
            out.println("Nothing is changed yet; --apply changes " + files + ".");
            return FINE;
        }
        folder.apply(drafts);
        out.println("Changed: " + files + ". As they were they are in " + ConfFolder.BEFORE
                + "/; --undo brings them back. Now check.");
        return FINE;
    }
}
