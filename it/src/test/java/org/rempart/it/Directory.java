/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldif.LDIFException;
import java.net.InetAddress;

/** An LDAP server on loopback with one account in it. */
final class Directory implements AutoCloseable {
    private static final String MANAGER = "cn=manager,dc=test";
    private static final String SECRET = "directory secret";

    private final InMemoryDirectoryServer server;

    private Directory(InMemoryDirectoryServer server) {
        this.server = server;
    }

    static Directory with(String uid, String domain, String password) throws LDAPException, LDIFException {
        InMemoryDirectoryServerConfig config = new InMemoryDirectoryServerConfig("dc=test");
        config.addAdditionalBindCredentials(MANAGER, SECRET);
        config.setListenerConfigs(
                InMemoryListenerConfig.createLDAPConfig("ldap", InetAddress.getLoopbackAddress(), 0, null));
        InMemoryDirectoryServer server = new InMemoryDirectoryServer(config);
        server.add("dn: dc=test", "objectClass: domain", "dc: test");
        server.add("dn: ou=people,dc=test", "objectClass: organizationalUnit", "ou: people");
        server.add(
                "dn: uid=" + uid + ",ou=people,dc=test",
                "objectClass: inetOrgPerson",
                "uid: " + uid,
                "cn: " + uid,
                "sn: " + uid,
                "mail: " + uid + "@" + domain,
                "userPassword: " + password);
        server.startListening();
        return new Directory(server);
    }

    /** The usersrepository.xml of a server that has its accounts here. */
    String usersRepository() {
        return "<usersrepository name=\"LocalUsers\" ldapHost=\"ldap://127.0.0.1:" + server.getListenPort()
                + "\" principal=\"" + MANAGER + "\" credentials=\"" + SECRET
                + "\" userBase=\"ou=people,dc=test\" userIdAttribute=\"mail\" userObjectClass=\"inetOrgPerson\">\n"
                + "  <enableVirtualHosting>true</enableVirtualHosting>\n"
                + "  <supportsVirtualHosting>true</supportsVirtualHosting>\n</usersrepository>\n";
    }

    @Override
    public void close() {
        server.shutDown(true);
    }
}
