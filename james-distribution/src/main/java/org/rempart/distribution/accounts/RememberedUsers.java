/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.common.cache.Cache;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.function.Function;
import javax.inject.Inject;
import javax.persistence.EntityManager;
import javax.persistence.EntityManagerFactory;
import javax.persistence.PersistenceException;
import org.apache.commons.configuration2.HierarchicalConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.commons.configuration2.tree.ImmutableNode;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.james.user.api.model.User;
import org.apache.james.user.jpa.JPAUsersRepository;
import org.apache.james.user.lib.model.Algorithm;
import org.apache.james.util.ReactorUtils;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Accounts, in the database. Whether there is one is asked several times for each mail; that there is, is remembered for
 * some seconds. That there is none never is, since a new account must not lose its first mail; nor are passwords.
 *
 * <p>A password is kept under the algorithm of usersrepository.xml. One that was kept under another is kept under this one
 * from its next login on. A login to no account takes as long as one with a wrong password, and its name, which may be a
 * password that went into the wrong field, is not in the log.
 */
final class RememberedUsers extends JPAUsersRepository {
    private static final Logger LOGGER = LoggerFactory.getLogger(RememberedUsers.class);

    private final Cache<Username, Boolean> known = Remembered.cache();
    private final EntityManagerFactory entities;
    private final FileSystem files;
    private final Contacts contacts;
    private Algorithm algorithm;
    private PasswordRules rules = PasswordRules.byDefault();

    @Inject
    RememberedUsers(DomainList domains, EntityManagerFactory entities, FileSystem files, Contacts contacts) {
        super(domains);
        this.entities = entities;
        this.files = files;
        this.contacts = contacts;
    }

    @Override
    public void configure(HierarchicalConfiguration<ImmutableNode> config) throws ConfigurationException {
        super.configure(config);
        algorithm = Algorithm.of(config.getString("algorithm", "PBKDF2"));
        rules = PasswordRules.of(config, files);
    }

    @Override
    public boolean test(Username name, String password) throws UsersRepositoryException {
        List<Object[]> kept = inDatabase(manager -> manager.createQuery(
                        "SELECT u.password, u.alg FROM JamesUser u WHERE u.name = :name", Object[].class)
                .setParameter("name", name.asString())
                .getResultList());
        if (kept.isEmpty()) {
            // As long as for an account that is there: the time tells nobody which are.
            hash(name, password, algorithm);
            return false;
        }
        String hash = (String) kept.get(0)[0];
        Algorithm ofHash = Algorithm.of((String) kept.get(0)[1]);
        boolean right = ofHash.isPBKDF2()
                ? MessageDigest.isEqual(bytes(hash), bytes(hash(name, password, ofHash)))
                : super.test(name, password);
        if (right && algorithm.isPBKDF2() && !ofHash.getName().equals(algorithm.getName())) {
            rehash(name, password, hash);
        }
        return right;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hash(Username name, String password, Algorithm by) {
        return by.digest(password, name.asString());
    }

    /** Another login, or another password, may have come first: only that very hash is replaced. */
    private void rehash(Username name, String password, String before) {
        try {
            if (replace(name, password, before) > 0) {
                LOGGER.info("The password of {} is kept under {} now", name.asString(), algorithm.getName());
            }
        } catch (UsersRepositoryException later) {
            LOGGER.warn("The password of {} stays under its old algorithm: {}", name.asString(), later.getMessage());
        }
    }

    /**
     * Keeps a password under the algorithm.
     *
     * @param before the hash that it replaces; null for any
     * @return how many accounts have it from now on
     */
    private int replace(Username name, String password, String before) throws UsersRepositoryException {
        return inDatabase(manager -> {
            manager.getTransaction().begin();
            try {
                var update = manager.createQuery("UPDATE JamesUser u SET u.password = :hash, u.alg = :alg"
                                + " WHERE u.name = :name" + (before == null ? "" : " AND u.password = :before"))
                        .setParameter("hash", hash(name, password, algorithm))
                        .setParameter("alg", algorithm.getName())
                        .setParameter("name", name.asString());
                int replaced = (before == null ? update : update.setParameter("before", before)).executeUpdate();
                manager.getTransaction().commit();
                return replaced;
            } finally {
                if (manager.getTransaction().isActive()) {
                    manager.getTransaction().rollback();
                }
            }
        });
    }

    private <T> T inDatabase(Function<EntityManager, T> work) throws UsersRepositoryException {
        EntityManager manager = entities.createEntityManager();
        try {
            return work.apply(manager);
        } catch (PersistenceException away) {
            throw new UsersRepositoryException("The accounts can't be asked", away);
        } finally {
            manager.close();
        }
    }

    @Override
    public void addUser(Username name, String password) throws UsersRepositoryException {
        rules.check(name, password);
        super.addUser(name, password);
        contacts.give(name, this);
    }

    @Override
    public User getUserByName(Username name) throws UsersRepositoryException {
        User user = super.getUserByName(name);
        return user == null ? null : new Account(user);
    }

    @Override
    public void updateUser(User user) throws UsersRepositoryException {
        String password = user instanceof Account account ? account.newPassword : null;
        if (password != null && replace(user.getUserName(), password, null) == 0) {
            throw new UsersRepositoryException(
                    "There is no account " + user.getUserName().asString());
        }
    }

    /** An account whose new password is looked at. */
    private final class Account implements User {
        private final User user;
        private String newPassword;

        Account(User user) {
            this.user = user;
        }

        @Override
        public Username getUserName() {
            return user.getUserName();
        }

        @Override
        public boolean verifyPassword(String password) {
            return newPassword == null ? user.verifyPassword(password) : newPassword.equals(password);
        }

        @Override
        public boolean setPassword(String password) {
            rules.check(getUserName(), password);
            newPassword = password;
            return true;
        }
    }

    @Override
    public boolean contains(Username name) throws UsersRepositoryException {
        if (known.getIfPresent(name) != null) {
            return true;
        }
        boolean contained = super.contains(name);
        if (contained) {
            known.put(name, true);
        }
        return contained;
    }

    @Override
    public Publisher<Boolean> containsReactive(Username name) {
        return known.getIfPresent(name) != null
                ? Mono.just(true)
                : Mono.fromCallable(() -> contains(name)).subscribeOn(ReactorUtils.BLOCKING_CALL_WRAPPER);
    }

    @Override
    public void removeUser(Username name) throws UsersRepositoryException {
        try {
            super.removeUser(name);
        } finally {
            known.invalidate(name);
        }
    }
}
