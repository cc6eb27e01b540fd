/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailrepository.api.MailKey;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryPath;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.james.mailrepository.api.Protocol;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;

/** Mail repositories in memory, of the protocol {@code memory}. Each can be made to fail, as a full disk does. */
final class Repositories implements MailRepositoryStore {
    private static final Protocol STORED = new Protocol("stored");

    private final Map<MailRepositoryUrl, MemoryRepository> repositories = new LinkedHashMap<>();
    private final Set<MailRepositoryUrl> full = new HashSet<>();

    /** From now on, nothing can be stored there. */
    void fill(String url) {
        full.add(MailRepositoryUrl.from(url));
    }

    /** What is stored there, in the order in which it came; nothing where there is no such repository. */
    List<SeenMail> in(String url) {
        MemoryRepository repository = repositories.get(MailRepositoryUrl.from(url));
        return repository == null ? List.of() : repository.seen();
    }

    /** What is stored anywhere. */
    List<SeenMail> everywhere() {
        return repositories.values().stream()
                .flatMap(repository -> repository.seen().stream())
                .collect(Collectors.toList());
    }

    @Override
    public MailRepository select(MailRepositoryUrl url) throws MailRepositoryStoreException {
        if (!url.getProtocol().equals(STORED)) {
            throw new UnsupportedRepositoryStoreException("there is no repository for the protocol "
                    + url.getProtocol().getValue());
        }
        return repositories.computeIfAbsent(url, MemoryRepository::new);
    }

    @Override
    public Optional<Protocol> defaultProtocol() {
        return Optional.of(STORED);
    }

    @Override
    public Optional<MailRepository> get(MailRepositoryUrl url) {
        return Optional.ofNullable(repositories.get(url));
    }

    @Override
    public Stream<MailRepository> getByPath(MailRepositoryPath path) {
        return repositories.entrySet().stream()
                .filter(entry -> entry.getKey().getPath().equals(path))
                .map(Map.Entry::getValue);
    }

    @Override
    public Stream<MailRepositoryUrl> getUrls() {
        return repositories.keySet().stream();
    }

    /** Disposes of what is stored. */
    void close() {
        repositories.values().forEach(MemoryRepository::removeAll);
    }

    private final class MemoryRepository implements MailRepository {
        private final MailRepositoryUrl url;
        private final Map<MailKey, Mail> mails = new LinkedHashMap<>();
        private final Map<MailKey, SeenMail> seen = new LinkedHashMap<>();

        MemoryRepository(MailRepositoryUrl url) {
            this.url = url;
        }

        List<SeenMail> seen() {
            return new ArrayList<>(seen.values());
        }

        @Override
        public MailKey store(Mail mail) throws MessagingException {
            if (full.contains(url)) {
                throw new MessagingException("no space left for " + url.asString());
            }
            MailKey key = MailKey.forMail(mail);
            MailImpl copy = MailImpl.duplicate(mail);
            copy.setName(mail.getName());
            copy.setState(mail.getState());
            LifecycleUtil.dispose(mails.put(key, copy));
            seen.put(key, SeenMail.of(mail));
            return key;
        }

        @Override
        public long size() {
            return mails.size();
        }

        @Override
        public Iterator<MailKey> list() {
            return List.copyOf(mails.keySet()).iterator();
        }

        @Override
        public Mail retrieve(MailKey key) {
            return mails.get(key);
        }

        @Override
        public void remove(MailKey key) {
            LifecycleUtil.dispose(mails.remove(key));
            seen.remove(key);
        }

        @Override
        public void remove(Collection<MailKey> keys) {
            keys.forEach(this::remove);
        }

        @Override
        public void removeAll() {
            mails.values().forEach(LifecycleUtil::dispose);
            mails.clear();
            seen.clear();
        }
    }
}
