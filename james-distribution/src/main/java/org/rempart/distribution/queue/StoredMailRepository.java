/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.mail.MessagingException;
import org.apache.james.mailrepository.api.MailKey;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.mailet.Mail;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Place;
import org.rempart.distribution.queue.MailTable.Row;

/** A repository of {@link MailStore}, of the protocol {@value #PROTOCOL}. A mail's key is its name. */
public final class StoredMailRepository implements MailRepository {
    /** What the URL of such a repository begins with. */
    public static final String PROTOCOL = "stored";

    private static final int OF_ONE_NAME = 100;

    private final MailStore store;
    private final String url;
    private final int place;

    /** @throws MailStoreException when the repository is new and the database does not answer */
    @Inject
    public StoredMailRepository(MailStore store, MailRepositoryUrl url) throws MailStoreException {
        this.store = store;
        this.url = url.asString();
        this.place = store.places().add(new Place(Kind.REPOSITORY, url.asString()));
    }

    private MessagingException failed(Exception failure) {
        return new MessagingException("The repository " + url + ": " + failure.getMessage(), failure);
    }

    @Override
    public long size() throws MessagingException {
        try {
            return store.table().count("SELECT COUNT(*) FROM rempart_mail WHERE place = ?", List.of(place));
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    /** Stores a mail in the place of what has its name. When this returns it is on the disk. */
    @Override
    public MailKey store(Mail mail) throws MessagingException {
        MailKey key = MailKey.forMail(mail);
        try {
            List<Row> before = named(key);
            store.insert(place, mail, Duration.ZERO, 0);
            for (Row row : before) {
                delete(row);
            }
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
        return key;
    }

    private List<Row> named(MailKey key) throws MailStoreException {
        String name = MailTable.clean(key.asString());
        return store.table().rows("place = ? AND name_hash = ?", List.of(place, MailTable.hash(name)), OF_ONE_NAME);
    }

    private void delete(Row row) throws MailStoreException {
        store.delete(row, () -> {});
    }

    @Override
    public Iterator<MailKey> list() throws MessagingException {
        try {
            Set<MailKey> keys = store.table().read(connection -> {
                Set<MailKey> found = new LinkedHashSet<>();
                try (PreparedStatement statement =
                        connection.prepareStatement("SELECT name FROM rempart_mail WHERE place = ? ORDER BY id")) {
                    statement.setInt(1, place);
                    try (ResultSet row = statement.executeQuery()) {
                        while (row.next()) {
                            found.add(new MailKey(row.getString(1)));
                        }
                    }
                }
                return found;
            });
            return keys.iterator();
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    /**
     * @return null when there is none of this key
     * @throws MessagingException when it can't be read, or its message is not what was stored; it stays then
     */
    @Override
    public Mail retrieve(MailKey key) throws MessagingException {
        try {
            List<Row> rows = named(key);
            if (rows.isEmpty()) {
                return null;
            }
            Row newest = rows.get(rows.size() - 1);
            try {
                if (newest.blob().isPresent()) {
                    store.blobs().check(newest.blob().get());
                }
                return store.mail(newest);
            } catch (Blobs.BrokenBlobException broken) {
                store.holdFor(newest.id(), broken.getMessage());
                throw failed(broken);
            }
        } catch (MailStoreException | IOException failure) {
            throw failed(failure);
        }
    }

    @Override
    public void remove(MailKey key) throws MessagingException {
        remove(List.of(key));
    }

    @Override
    public void remove(Collection<MailKey> keys) throws MessagingException {
        try {
            for (MailKey key : keys) {
                Set<Long> ids = named(key).stream().map(Row::id).collect(Collectors.toSet());
                if (!ids.isEmpty()) {
                    new StoredMailAdministration(store).delete(Filter.ofIds(ids));
                }
            }
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    @Override
    public void removeAll() throws MessagingException {
        try {
            new StoredMailAdministration(store)
                    .delete(Filter.ALL.withKind(Kind.REPOSITORY).withName(url));
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }
}
