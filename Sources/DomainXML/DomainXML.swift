// DomainXML
