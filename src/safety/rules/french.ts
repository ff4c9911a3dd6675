// The guard's built-in rules for French.
import type { RuleBook } from "./rule-book.ts";

export const FRENCH: RuleBook = {
  emergency: `
    {mal|douleur|douleurs|douleur forte|une douleur} {à|dans} {la|sa|ma} poitrine
    {oppression|pression|serrement} {dans la|à la} poitrine
    {crise cardiaque|arrêt cardiaque|infarctus}
    {un AVC|faire un AVC|attaque cérébrale}
    ne {respire|respirent} {plus|pas}
    {respire|respirent} {plus|mal|difficilement|à peine}
    {arrive|arrivons|peux|peut|parviens} {plus|pas|à peine} à respirer
    {peux|peut} {plus|pas} respirer
    {du mal à|difficulté à|difficultés à} respirer
    {inconscient|inconsciente|évanoui|évanouie}
    {s'est|vient de s'|je me suis} {effondré|effondrée|évanoui|évanouie}
    {s'étouffe|étouffe|s'asphyxie|étouffer}
    {convulsions|convulse|crise d'épilepsie}
    ne {réagit|répond|se réveille} {plus|pas}
    se réveille pas
    {saigne|saignes|saignement} {beaucoup|énormément|abondamment|très fort|sans arrêt}
    {perd|perds|perdu} beaucoup de sang
    {overdose|surdose|empoisonné|empoisonnée|intoxication}
    {pris|avalé} trop de {médicaments|cachets|comprimés}
    {avalé|bu} {de la javel|du poison|du détergent|de l'eau de javel}
    {veux|voudrais|envie de} {mourir|en finir}
    {vais|veux|pense à|envie de} me {suicider|tuer}
    me {suicider|tuer|foutre en l'air}
    {suicide|suicider|mettre fin à mes jours}
    {veux|ai envie de} {plus|pas} vivre
    {il y a|y a} {le|un} {feu|incendie} {dans|chez|à|au|ici}
    {il y a|y a} {le feu|un incendie}
    {maison|cuisine|appartement|voiture|immeuble} {est en feu|brûle|en flammes|a pris feu}
    {au feu|en flammes}
    {sent|odeur de|sens|sentir} {le|du|} gaz
    fuite de gaz
    monoxyde de carbone
    {entre|rentre|s'introduit|est entré|essaie d'entrer} {chez moi|dans ma maison|par effraction}
    {a|avec|sort} {un|une} {arme|pistolet|couteau|fusil}
    {il|elle} me {frappe|bat|menace|étrangle}
    {poignardé|poignardée|renversé par|agressé|agressée|violée} {par|dans|}
    {ambulance|le SAMU|un SAMU|les secours}
    {appelez|appelle|appeler|faut appeler} {les pompiers|la police|le 15|le 18|le 112|les secours|le SAMU}
    {c'est|est|ai|avons} une urgence
    une urgence {médicale|vitale}
    {grave|terrible} accident
    accident {grave|terrible}
    {gravement|grièvement} {blessé|blessée|blessés}
    {perdu les eaux|en train d'accoucher|va accoucher}
    {en train de} {mourir|se noyer|suffoquer}
    {ne|elle|il} bouge {plus|pas}
    {fumée|la fumée} partout
    {plein|beaucoup} de fumée
    {on|nous} {peut|ne peut|pouvons|ne pouvons|n'arrive|n'arrivons} {pas|plus} {sortir|à sortir}
    {devient|devenu|devenue} {bleu|bleue}
    {plus|pas} de pouls
  `,
  high: `
    {est|très|vraiment|hyper|super} urgent
    {urgent|urgemment|d'urgence}
    {m'a|m'ont|nous a|nous ont} volé
    {été|est} {volé|volée|dérobée|piraté|piratée}
    {piraté|escroqué} {mon|par}
    {fraude|arnaque|usurpation}
    {fuite|dégât|dégâts} {d'eau|des eaux}
    {inondé|inondée|inondation}
    {ai|a|avons} {très|tellement|super|si|horriblement} mal
    {beaucoup de|forte|une forte|énorme} fièvre
    {douleur|douleurs} {insupportable|insupportables|atroce|atroces|terrible|terribles}
    {appeler|contacter|voir|parler à} mon avocat
    mon avocat {va|prendra}
    {porter plainte|poursuivre en justice}
    {coincé|coincés|bloqué|bloqués|bloquée} dans l'ascenseur
    {enfermé|enfermée} {dehors avec|à l'intérieur|dedans}
    {plus|pas} {de|d'} {chauffage|électricité|courant} {depuis|et}
    de l'eau partout
    {peut|peux} pas attendre
  `,
  person: `
    {parler|discuter|parle} {à|avec} {quelqu'un|une personne|un humain|un être humain|un conseiller|une conseillère|un agent|un opérateur|une opératrice|un responsable|le responsable|la responsable|un employé|une vraie personne|un vrai humain|votre responsable|un supérieur|l'accueil|le service client|un médecin|un collègue}
    {passez|passe|mettez|transférez|connectez} moi {avec|à|vers|en relation avec|} {quelqu'un|une personne|un conseiller|une conseillère|un agent|un opérateur|une opératrice|un responsable|le responsable|un humain|votre responsable|le service client|l'accueil}
    {me passer|me mettre en relation avec|me transférer à|me transférer vers|avoir|joindre} {quelqu'un|une personne|un conseiller|une conseillère|un agent|un opérateur|un responsable|le responsable|un humain|une vraie personne}
    {pas|plus} parler {à|avec} {un|une|cette|ce|} {robot|machine|ordinateur|répondeur|bot}
    {vraie personne|vrai humain|être humain|vrai conseiller}
    {conseiller|agent|opérateur} s'il vous plaît
    {je veux|je voudrais|donnez moi} {un|une} {humain|conseiller|agent|opérateur|personne réelle}
    {me passer|passez moi|passe moi} quelqu'un
  `,
  uncertainty: `
    {me|m'} {comprenez|comprends|écoutez|entendez} pas
    {avez|as} rien compris
    {pas|pas du tout} {compris|ce que j'ai demandé|ce que je demande|ce que j'ai dit|ce que je veux|ce que je voulais|ma question}
    vous l'ai déjà dit
    {je l'ai|ai} déjà {dit|expliqué|répondu|donné}
    {ça n'a|n'a|ça a} {aucun|pas de} sens
    {ça|cela} {ne m'aide|m'aide|ne sert|sert} {pas|à rien}
    comprends pas {ce que vous|ce que tu}
    {c'est|vous vous} {faux|trompez|pas ça|pas correct}
    {toujours|encore} la même {chose|question}
    perte de temps
    {n'est|est} pas {ça|cela}
  `,
  agentUncertainty: `
    {n'ai|ai} pas {bien|} {compris|entendu|saisi}
    {peux|suis} pas {vous aider|en mesure de vous aider}
    {n'ai|ai} pas cette information
    {pouvez|pourriez} vous {répéter|reformuler}
  `,
  agentAlarm: `
    {ressemble à|semble être|c'est} une urgence {médicale|vitale|}
    {raccrochez} et {appelez|composez}
  `,
  wholeEmergency: `
    au secours
    à l'aide
    aidez moi
    au feu
    urgence
    ambulance
    police
  `,
  wholePerson: `
    conseiller
    opérateur
    opératrice
    un humain
    humain
    une personne
    agent
    responsable
    service client
  `,
  harmless: `
    {meurs|mourir|mort|meurt|mourais} de {faim|soif|rire|froid|honte|envie|peur|chaud}
    {à mourir|mortel}
    {failli|presque} {faire|fait|avoir|eu} {une|un} {crise cardiaque|infarctus|attaque}
    {feu|feux} {rouge|rouges|vert|d'artifice|tricolore|tricolores|de bois|de camp|de circulation}
    {coup de|tout} feu
    {numéro|contact|sortie|issue|issues|service|services|coordonnées} d'urgence
    {agent|agents} {immobilier|immobiliers|d'assurance|commercial|général}
    {mon|un} avocat {m'a|est|a}
    {assurance|alarme} incendie
    {pas|plus} {si|très|vraiment|trop|} urgent
    {détecteur|détecteurs} de
    être humain {est|normal}
  `,
  elsewhere: `
    il y a {des années|dix ans|longtemps|deux ans|un an|quelques années|des mois}
    l'année dernière
    {en cas|au cas} {de|d'|où}
    {film|cours|formation|roman|exercice} {sur|de|d'}
    antécédents
  `,
  strictNegators: ``,
  negators: `pas plus aucun aucune sans jamais ni`,
  between: `de d du besoin une un le la l des ai mal très ne eu envie d'une d'un`,
  negatorsAfter: ``,
  courtesies: `s il vous plaît te plait bonjour oui je veux voudrais un une le la allô vite`,
};
