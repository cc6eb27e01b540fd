/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.time.Duration;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import javax.inject.Inject;
import javax.mail.internet.AddressException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.api.model.User;
import org.reactivestreams.Publisher;
import org.rempart.distribution.accounts.Contacts;
import org.rempart.distribution.accounts.MoreAliases;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The accounts of the directory. An account's name is its own mail address, in whatever way its user logs in. Nothing is
 * ever written there.
 *
 * <p>Who exists is remembered for some seconds, since each mail asks several times; a password is never remembered, and
 * neither is a failure.
 */
final class DirectoryUsers implements UsersRepository, MoreAliases {
    private static final Duration REMEMBERED = Duration.ofSeconds(10);
    private static final int MOST_REMEMBERED = 10_000;

    private final Directory directory;
    private final DomainList domains;
    private final Optional<MailAddress> contact;
    private final Cache<String, Optional<DirectoryEntry>> byLogin = cache();
    private final Cache<String, Optional<DirectoryEntry>> byAddress = cache();

    @Inject
    DirectoryUsers(Directory directory, DomainList domains, DirectorySettings settings) {
        this.directory = directory;
        this.domains = domains;
        this.contact = settings.contact();
    }

    private static Cache<String, Optional<DirectoryEntry>> cache() {
        return CacheBuilder.newBuilder()
                .expireAfterWrite(REMEMBERED)
                .maximumSize(MOST_REMEMBERED)
                .build();
    }

    private interface Question {
        Optional<DirectoryEntry> ask(String name) throws DirectoryException;
    }

    private static Optional<DirectoryEntry> remembered(
            Cache<String, Optional<DirectoryEntry>> known, String name, Question question) throws DirectoryException {
        Optional<DirectoryEntry> before = known.getIfPresent(name);
        if (before != null) {
            return before;
        }
        Optional<DirectoryEntry> now = question.ask(name);
        remember(known, name, now);
        return now;
    }

    /** That there is none is not remembered: an account may be made just after somebody asked for it. */
    private static void remember(
            Cache<String, Optional<DirectoryEntry>> known, String name, Optional<DirectoryEntry> entry) {
        if (entry.isPresent()) {
            known.put(name, entry);
        } else {
            known.invalidate(name);
        }
    }

    @Override
    public boolean test(Username login, String password) throws UsersRepositoryException {
        // Not what is remembered: an account may have been locked, or moved, since.
        Optional<DirectoryEntry> account = directory.byLogin(login.asString());
        remember(byLogin, login.asString(), account);
        return account.isPresent() && directory.isRight(account.get(), password);
    }

    @Override
    public User getUserByName(Username login) throws UsersRepositoryException {
        return remembered(byLogin, login.asString(), directory::byLogin)
                .map(Account::new)
                .orElse(null);
    }

    @Override
    public boolean contains(Username name) throws UsersRepositoryException {
        return remembered(byAddress, name.asString(), directory::byAddress)
                .map(entry -> entry.name().equals(name))
                .orElse(false);
    }

    @Override
    public Publisher<Boolean> containsReactive(Username name) {
        return Mono.fromCallable(() -> contains(name)).subscribeOn(Schedulers.boundedElastic());
    }

    /**
     * The account that has it as a further address, in our domains only, since others may be written there, too; the contact
     * for postmaster and abuse where no entry has them.
     */
    @Override
    public Optional<MailAddress> accountOf(String localPart, Domain domain) {
        try {
            if (!domains.containsDomain(domain)) {
                return Optional.empty();
            }
            String address = (localPart + "@" + domain.asString()).toLowerCase(Locale.ROOT);
            Optional<DirectoryEntry> entry = remembered(byAddress, address, directory::byAddress);
            if (entry.isEmpty()) {
                return contact.filter(account ->
                        Contacts.isOne(localPart) && !account.asString().equals(address));
            }
            return entry.get().name().asString().equals(address)
                    ? Optional.empty()
                    : Optional.of(new MailAddress(entry.get().name().asString()));
        } catch (DirectoryException | DomainListException unknown) {
            throw new IllegalStateException(unknown.getMessage(), unknown);
        } catch (AddressException noAddress) {
            return Optional.empty();
        }
    }

    @Override
    public int countUsers() throws UsersRepositoryException {
        return directory.names().size();
    }

    @Override
    public Iterator<Username> list() throws UsersRepositoryException {
        return directory.names().iterator();
    }

    @Override
    public Publisher<Username> listReactive() {
        return Mono.fromCallable(directory::names)
                .flatMapMany(Flux::fromIterable)
                .subscribeOn(Schedulers.boundedElastic());
    }

    @Override
    public boolean supportVirtualHosting() {
        return true;
    }

    @Override
    public MailAddress getMailAddressFor(Username name) throws UsersRepositoryException {
        try {
            return new MailAddress(name.asString());
        } catch (AddressException noAddress) {
            throw new UsersRepositoryException(name.asString() + " is no mail address", noAddress);
        }
    }

    @Override
    public boolean isAdministrator(Username name) {
        return false;
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public void addUser(Username name, String password) throws UsersRepositoryException {
        throw keptElsewhere();
    }

    @Override
    public void updateUser(User user) throws UsersRepositoryException {
        throw keptElsewhere();
    }

    @Override
    public void removeUser(Username name) throws UsersRepositoryException {
        throw keptElsewhere();
    }

    private static UsersRepositoryException keptElsewhere() {
        return new UsersRepositoryException("Accounts are kept in the directory; change them there");
    }

    private final class Account implements User {
        private final DirectoryEntry entry;

        Account(DirectoryEntry entry) {
            this.entry = entry;
        }

        @Override
        public Username getUserName() {
            return entry.name();
        }

        @Override
        public boolean verifyPassword(String password) {
            try {
                return directory.isRight(entry, password);
            } catch (DirectoryException unknown) {
                throw new IllegalStateException(unknown.getMessage(), unknown);
            }
        }

        @Override
        public boolean setPassword(String password) {
            return false;
        }
    }
}
