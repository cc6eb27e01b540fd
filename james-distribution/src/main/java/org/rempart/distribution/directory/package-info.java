/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/** Accounts in a directory: LDAP, Active Directory. {@code docs/directory.md} says how it is set up. */
package org.rempart.distribution.directory;
