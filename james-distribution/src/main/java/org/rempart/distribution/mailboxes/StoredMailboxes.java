/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.rempart.distribution.mailboxes.Transactions.later;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.mailbox.acl.ACLDiff;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.MailboxExistsException;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxACL;
import org.apache.james.mailbox.model.MailboxACL.Right;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.UidValidity;
import org.apache.james.mailbox.model.search.MailboxQuery;
import org.apache.james.mailbox.store.mail.MailboxMapper;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What James asks about mailboxes, and has done with them. Each call is whole for itself. */
final class StoredMailboxes implements MailboxMapper {
    private static final String SELECT =
            "SELECT MAILBOX_ID, UID_VALIDITY, NAMESPACE, USER_NAME, NAME FROM REMPART_MAILBOX";

    private final Transactions transactions;
    private final MessageTable messages;

    @Inject
    StoredMailboxes(Transactions transactions, MessageTable messages) {
        this.transactions = transactions;
        this.messages = messages;
    }

    private List<Mailbox> find(String condition, Object... parameters) throws MailboxException {
        return transactions.read("Looking for mailboxes", statements -> {
            List<Mailbox> found = new ArrayList<>();
            try (PreparedStatement statement = statements.prepare(SELECT + condition, parameters);
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Mailbox(
                            new MailboxPath(row.getString(3), Username.of(row.getString(4)), row.getString(5)),
                            UidValidity.of(row.getLong(2)),
                            new MailboxNumber(row.getLong(1))));
                }
            }
            return found;
        });
    }

    private static Optional<Mailbox> first(List<Mailbox> found) {
        return found.stream().findFirst();
    }

    @Override
    public Mono<Mailbox> create(MailboxPath path, UidValidity validity) {
        return later(() -> transactions.write("Making mailbox " + path.asString(), statements -> {
            try (PreparedStatement insert = statements.prepareInsert(
                    "INSERT INTO REMPART_MAILBOX (NAMESPACE, USER_NAME, NAME, UID_VALIDITY, LAST_UID, HIGHEST_MODSEQ,"
                            + " RECENT_UID, MESSAGES, UNSEEN, OCTETS, KEYWORDS) VALUES (?, ?, ?, ?, 0, 1, 0, 0, 0, 0, '')",
                    "MAILBOX_ID")) {
                insert.setString(1, path.getNamespace());
                insert.setString(2, path.getUser().asString());
                insert.setString(3, path.getName());
                insert.setLong(4, validity.asLong());
                insert.executeUpdate();
                try (ResultSet number = insert.getGeneratedKeys()) {
                    number.next();
                    return new Mailbox(path, validity, new MailboxNumber(number.getLong(1)));
                }
            } catch (SQLException failed) {
                throw existing(failed, path.getName());
            }
        }));
    }

    private static MailboxException existing(SQLException failed, String name) throws SQLException {
        if (Transactions.isUniqueViolation(failed)) {
            return new MailboxExistsException(name);
        }
        throw failed;
    }

    @Override
    public Mono<MailboxId> rename(Mailbox mailbox) {
        MailboxNumber number = MailboxNumber.of(mailbox.getMailboxId());
        return later(() -> transactions.write("Renaming mailbox " + number.serialize(), statements -> {
            try {
                int renamed = statements.update(
                        "UPDATE REMPART_MAILBOX SET NAMESPACE = ?, USER_NAME = ?, NAME = ? WHERE MAILBOX_ID = ?",
                        mailbox.getNamespace(),
                        mailbox.getUser().asString(),
                        mailbox.getName(),
                        number.value());
                if (renamed == 0) {
                    throw new MailboxNotFoundException(number);
                }
                return number;
            } catch (SQLException failed) {
                throw existing(failed, mailbox.getName());
            }
        }));
    }

    @Override
    public Mono<Void> delete(Mailbox mailbox) {
        MailboxNumber number = MailboxNumber.of(mailbox.getMailboxId());
        return later(() -> {
                    do {
                        while (messages.removeFirst(number) > 0) {
                            // The next ones: what is changed at once is locked at once.
                        }
                    } while (!deleteEmpty(number));
                    return number;
                })
                .then();
    }

    /** A message that came in the meantime is no longer in any mailbox if its mailbox goes without it. */
    private boolean deleteEmpty(MailboxNumber number) throws MailboxException {
        boolean deleted = transactions.write("Deleting mailbox " + number.serialize(), statements -> {
            statements.update("DELETE FROM REMPART_ANNOTATION WHERE MAILBOX_ID = ?", number.value());
            return statements.update(
                            "DELETE FROM REMPART_MAILBOX WHERE MAILBOX_ID = ? AND MESSAGES = 0", number.value())
                    > 0;
        });
        return deleted || messages.counts(number).messages() == 0;
    }

    @Override
    public Mono<Mailbox> findMailboxByPath(MailboxPath path) {
        return path.getUser() == null
                ? Mono.empty()
                : later(() -> first(find(
                                " WHERE USER_NAME = ? AND NAMESPACE = ? AND NAME = ?",
                                path.getUser().asString(),
                                path.getNamespace(),
                                path.getName())))
                        .flatMap(Mono::justOrEmpty);
    }

    @Override
    public Mono<Mailbox> findMailboxById(MailboxId id) {
        return later(
                () -> first(find(" WHERE MAILBOX_ID = ?", MailboxNumber.of(id).value()))
                        .orElseThrow(() -> new MailboxNotFoundException(id)));
    }

    /** Those of an account are few, and James's own match is the one that counts. */
    private Mono<List<Mailbox>> ofAccount(String namespace, Username user) {
        return later(() -> find(" WHERE USER_NAME = ? AND NAMESPACE = ? ORDER BY NAME", user.asString(), namespace));
    }

    @Override
    public Flux<Mailbox> findMailboxWithPathLike(MailboxQuery.UserBound query) {
        return ofAccount(query.getFixedNamespace(), query.getFixedUser())
                .flatMapIterable(found -> found)
                .filter(query::matches);
    }

    @Override
    public Mono<Boolean> hasChildren(Mailbox mailbox, char delimiter) {
        return ofAccount(mailbox.getNamespace(), mailbox.getUser())
                .map(found ->
                        found.stream().anyMatch(other -> other.getName().startsWith(mailbox.getName() + delimiter)));
    }

    @Override
    public Flux<Mailbox> list() {
        return later(() -> find("")).flatMapIterable(found -> found);
    }

    // Only the owner of a mailbox has rights to it: others' are kept no longer than the mailbox is in memory.

    @Override
    public Flux<Mailbox> findNonPersonalMailboxes(Username user, Right right) {
        return Flux.empty();
    }

    @Override
    public Mono<ACLDiff> updateACL(Mailbox mailbox, MailboxACL.ACLCommand command) {
        return Mono.fromCallable(() -> mailbox.getACL().apply(command)).flatMap(acl -> setACL(mailbox, acl));
    }

    @Override
    public Mono<ACLDiff> setACL(Mailbox mailbox, MailboxACL acl) {
        return Mono.fromCallable(() -> {
            MailboxACL old = mailbox.getACL();
            mailbox.setACL(acl);
            return ACLDiff.computeDiff(old, acl);
        });
    }
}
