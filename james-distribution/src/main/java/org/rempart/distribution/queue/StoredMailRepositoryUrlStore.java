/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.util.stream.Stream;
import javax.inject.Inject;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.mailrepository.api.MailRepositoryUrlStore;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Place;

/** Which repositories there are, after a restart too. */
public final class StoredMailRepositoryUrlStore implements MailRepositoryUrlStore {
    private final MailStore store;

    /** Keeps them in this store. */
    @Inject
    public StoredMailRepositoryUrlStore(MailStore store) {
        this.store = store;
    }

    private static Place place(MailRepositoryUrl url) {
        return new Place(Kind.REPOSITORY, url.asString());
    }

    /** @throws IllegalStateException when it is new and the database does not answer */
    @Override
    public void add(MailRepositoryUrl url) {
        try {
            store.places().add(place(url));
        } catch (MailStoreException failure) {
            throw new IllegalStateException(
                    "the repository " + url.asString() + " can't be made: " + failure.getMessage(), failure);
        }
    }

    @Override
    public Stream<MailRepositoryUrl> listDistinct() {
        return store.places().all().stream()
                .filter(place -> place.kind() == Kind.REPOSITORY)
                .map(place -> MailRepositoryUrl.from(place.name()));
    }

    @Override
    public boolean contains(MailRepositoryUrl url) {
        return store.places().find(place(url)).isPresent();
    }
}
