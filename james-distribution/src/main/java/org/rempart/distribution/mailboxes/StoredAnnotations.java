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
import java.util.Set;
import javax.inject.Inject;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.model.MailboxAnnotation;
import org.apache.james.mailbox.model.MailboxAnnotationKey;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.store.mail.AnnotationMapper;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What clients have noted of their mailboxes (RFC 5464). Of one mailbox it is little, and read as a whole. Methods throw an
 * {@link IllegalStateException} when the database fails.
 */
final class StoredAnnotations implements AnnotationMapper {
    private final Transactions transactions;

    @Inject
    StoredAnnotations(Transactions transactions) {
        this.transactions = transactions;
    }

    private static long number(MailboxId mailbox) {
        return MailboxNumber.of(mailbox).value();
    }

    private <T> T done(Transactions.Work<T> work, boolean reads) {
        try {
            return reads
                    ? transactions.read("Reading annotations", work)
                    : transactions.write("Changing annotations", work);
        } catch (MailboxException failed) {
            throw new IllegalStateException(failed.getMessage(), failed);
        }
    }

    @Override
    public List<MailboxAnnotation> getAllAnnotations(MailboxId mailbox) {
        return done(
                statements -> {
                    List<MailboxAnnotation> found = new ArrayList<>();
                    try (PreparedStatement statement = statements.prepare(
                                    "SELECT NAME, TEXT FROM REMPART_ANNOTATION WHERE MAILBOX_ID = ? ORDER BY NAME",
                                    number(mailbox));
                            ResultSet row = statement.executeQuery()) {
                        while (row.next()) {
                            found.add(MailboxAnnotation.newInstance(
                                    new MailboxAnnotationKey(row.getString(1)), row.getString(2)));
                        }
                    }
                    return found;
                },
                true);
    }

    @Override
    public Flux<MailboxAnnotation> getAllAnnotationsReactive(MailboxId mailbox) {
        return later(() -> getAllAnnotations(mailbox)).flatMapIterable(found -> found);
    }

    @Override
    public List<MailboxAnnotation> getAnnotationsByKeys(MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return getAllAnnotations(mailbox).stream()
                .filter(found -> keys.contains(found.getKey()))
                .toList();
    }

    @Override
    public Flux<MailboxAnnotation> getAnnotationsByKeysReactive(MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return later(() -> getAnnotationsByKeys(mailbox, keys)).flatMapIterable(found -> found);
    }

    @Override
    public List<MailboxAnnotation> getAnnotationsByKeysWithOneDepth(MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return getAllAnnotations(mailbox).stream()
                .filter(found -> keys.stream().anyMatch(key -> key.isParentOrIsEqual(found.getKey())))
                .toList();
    }

    @Override
    public Flux<MailboxAnnotation> getAnnotationsByKeysWithOneDepthReactive(
            MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return later(() -> getAnnotationsByKeysWithOneDepth(mailbox, keys)).flatMapIterable(found -> found);
    }

    @Override
    public List<MailboxAnnotation> getAnnotationsByKeysWithAllDepth(MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return getAllAnnotations(mailbox).stream()
                .filter(found -> keys.stream().anyMatch(key -> key.isAncestorOrIsEqual(found.getKey())))
                .toList();
    }

    @Override
    public Flux<MailboxAnnotation> getAnnotationsByKeysWithAllDepthReactive(
            MailboxId mailbox, Set<MailboxAnnotationKey> keys) {
        return later(() -> getAnnotationsByKeysWithAllDepth(mailbox, keys)).flatMapIterable(found -> found);
    }

    @Override
    public void deleteAnnotation(MailboxId mailbox, MailboxAnnotationKey key) {
        done(statements -> delete(statements, mailbox, key), false);
    }

    private static int delete(Transactions.Statements statements, MailboxId mailbox, MailboxAnnotationKey key)
            throws SQLException {
        return statements.update(
                "DELETE FROM REMPART_ANNOTATION WHERE MAILBOX_ID = ? AND NAME = ?", number(mailbox), key.asString());
    }

    @Override
    public Mono<Void> deleteAnnotationReactive(MailboxId mailbox, MailboxAnnotationKey key) {
        return later(() -> {
                    deleteAnnotation(mailbox, key);
                    return true;
                })
                .then();
    }

    @Override
    public void insertAnnotation(MailboxId mailbox, MailboxAnnotation annotation) {
        done(
                statements -> {
                    delete(statements, mailbox, annotation.getKey());
                    return statements.update(
                            "INSERT INTO REMPART_ANNOTATION (MAILBOX_ID, NAME, TEXT) VALUES (?, ?, ?)",
                            number(mailbox),
                            annotation.getKey().asString(),
                            annotation.getValue().orElseThrow());
                },
                false);
    }

    @Override
    public Mono<Void> insertAnnotationReactive(MailboxId mailbox, MailboxAnnotation annotation) {
        return later(() -> {
                    insertAnnotation(mailbox, annotation);
                    return true;
                })
                .then();
    }

    @Override
    public boolean exist(MailboxId mailbox, MailboxAnnotation annotation) {
        return !getAnnotationsByKeys(mailbox, Set.of(annotation.getKey())).isEmpty();
    }

    @Override
    public Mono<Boolean> existReactive(MailboxId mailbox, MailboxAnnotation annotation) {
        return later(() -> exist(mailbox, annotation));
    }

    @Override
    public int countAnnotations(MailboxId mailbox) {
        return getAllAnnotations(mailbox).size();
    }

    @Override
    public Mono<Integer> countAnnotationsReactive(MailboxId mailbox) {
        return later(() -> countAnnotations(mailbox));
    }
}
