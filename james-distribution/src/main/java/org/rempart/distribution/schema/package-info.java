/** How the tables of one version of the server become those of the next. */
package org.rempart.distribution.schema;
